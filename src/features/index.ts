// Roll-ups -> aligned series. What other stages may see.
export * from './read-history';
