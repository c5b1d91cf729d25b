/* SPDX-License-Identifier: MIT */
/* vm_run() without a VM: the commands as child processes on this machine's kernel, told in the same way. */
#ifndef HOST_H
#define HOST_H

#include "../vm/vm.h"

/*
 * program: the hookdiff to start. Of the job only the commands, cwd and timeout are looked at. stop: looked
 * at a few times a second; not 0 ends the running command and the job.
 */
enum vm_end host_run(const char *program, const struct vm_job *job, const struct vm_events *events,
		     const volatile int *stop, struct vm_result *r);

#endif
