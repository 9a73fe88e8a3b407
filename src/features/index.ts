// Roll-ups -> aligned series.
export * from './read-history';
