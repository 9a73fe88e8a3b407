// Migration cost, windows, feed.
export * from './window-store';
