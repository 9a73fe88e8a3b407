// The object store on a local folder.
export * from './local-object-store';
