/* SPDX-License-Identifier: MIT */
#include "stuck.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLERS 5 /* the first is mostly the function that it waits in */

/* A file below /proc/PID/task/TID as one line, blanks for newlines; "" if there is none. */
static const char *file(const char *pid, const char *tid, const char *name, char *out, size_t size)
{
	char path[128];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/task/%.20s/%s", pid, tid, name);
	f = fopen(path, "re");
	if (f) {
		n = fread(out, 1, size - 1, f);
		fclose(f);
	}
	while (n && out[n - 1] == '\n')
		n--;
	out[n] = 0;
	for (char *p = out; (p = strchr(p, '\n'));)
		*p = ' ';
	return out;
}

/* "[<0>] a+0x1/0x2 [<0>] b+0x3/0x4": a, b */
static void callers(const char *stack, char *out, size_t size)
{
	size_t n = 0;

	*out = 0;
	for (unsigned i = 0; i < CALLERS && (stack = strstr(stack, "] ")) && n < size; i++) {
		stack += 2;
		n += (size_t)snprintf(out + n, size - n, "%s%.*s", i ? " < " : ", ",
				      (int)strcspn(stack, "+ "), stack);
	}
}

static void thread(const char *pid, const char *tid)
{
	char comm[32], stat[512], call[256], wchan[64], stack[2048], names[512];
	const char *state = strrchr(file(pid, tid, "stat", stat, sizeof(stat)), ')');

	callers(file(pid, tid, "stack", stack, sizeof(stack)), names, sizeof(names));
	fprintf(stderr, "hookdiff-guest: stuck: %s %s %s %c, call %s, in %s%s\n", pid, tid,
		file(pid, tid, "comm", comm, sizeof(comm)), state && state[1] ? state[2] : '?',
		file(pid, tid, "syscall", call, sizeof(call)), file(pid, tid, "wchan", wchan, sizeof(wchan)),
		names);
}

static int is_number(const struct dirent *e)
{
	return e->d_name[0] >= '0' && e->d_name[0] <= '9';
}

void stuck_tell(void)
{
	struct dirent **pid, **tid;
	int n = scandir("/proc", &pid, is_number, versionsort);

	for (int i = 0; i < n; i++) {
		char path[64], exe[8];
		int m = -1;

		snprintf(path, sizeof(path), "/proc/%.20s/task", pid[i]->d_name);
		/* threads of the kernel have no command line */
		if (strcmp(pid[i]->d_name, "1") &&
		    *file(pid[i]->d_name, pid[i]->d_name, "cmdline", exe, sizeof(exe)))
			m = scandir(path, &tid, is_number, versionsort);
		for (int k = 0; k < m; k++) {
			thread(pid[i]->d_name, tid[k]->d_name);
			free(tid[k]);
		}
		if (m >= 0)
			free(tid);
		free(pid[i]);
	}
	if (n >= 0)
		free(pid);
}
