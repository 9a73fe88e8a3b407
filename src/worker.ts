// A batch worker: takes shards, and plays the roles that no other process holds.
import { runProcess } from './app/run-process';

void runProcess('worker');
