// History of VMs from segments and blocks: being written by the ingest engineer (15:02).
