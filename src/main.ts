// The API process: HTTP and the page; without external servers configured it is the whole system.
import { runProcess } from './app/run-process';

void runProcess('main');
