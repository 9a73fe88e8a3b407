// Calendars: when VMs may be migrated.
export * from './calendar';
export * from './calendar-spans';
export * from './contradictions';
export * from './import-ics';
export * from './spans';
export { momentOf, wallTimeOf } from './wall-time';
