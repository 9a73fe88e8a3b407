// Programs of others as processes of their own.
export * from './command-process';
export * from './find-program';
