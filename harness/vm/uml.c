/* SPDX-License-Identifier: MIT */
#include "uml.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../kernels/files.h"
#include "machine.h"

/* In memory if the host has that: the guest's RAM is a file there. */
#define PLACE	   "/dev/shm"
#define PLACE_NAME "hookdiff-uml-"
#define GONE	   " (deleted)"

static void folder(pid_t pid, char *out, size_t n)
{
	snprintf(out, n, "%s/" PLACE_NAME "%d", access(PLACE, W_OK) ? "/tmp" : PLACE, (int)pid);
}

/* On two processors every switch between kernel and process is a wake-up of the other one: five times slower.
 */
static void one_cpu(void)
{
	cpu_set_t all, one;
	int nth;

	if (sched_getaffinity(0, sizeof(all), &all) || !CPU_COUNT(&all))
		return;
	nth = (int)getpid() % CPU_COUNT(&all);
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &all) && !nth--)
			CPU_SET(i, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

/*
 * Kernels before 7.0 trace the guest's processes, and without their tracer those would go on as processes of
 * this machine. Who started the machine kills its whole group (machine_end); this one does, if the machine
 * goes in another way: a child of it, in its group, that is told of its end.
 */
static void watch(void)
{
	pid_t machine = getpid();
	sigset_t told;
	int sig;

	sigemptyset(&told);
	sigaddset(&told, SIGUSR1);
	if (getpgrp() != machine || fork())
		return;
	sigprocmask(SIG_BLOCK, &told, NULL);
	signal(SIGTERM, SIG_IGN); /* a panic sends it to the group, and has more to say */
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	syscall(__NR_close_range, 0, ~0u, 0); /* pipes end with the machine */
	if (getppid() == machine)
		sigwait(&told, &sig);
	kill(0, SIGKILL);
	_exit(0);
}

void uml_exec(const struct machine_opts *o)
{
	const struct rlimit no_core = {0, 0}; /* a panic aborts */
	char memory[32], initrd[64], channel[64], place[64], dir[80];
	/* oops=panic is not known there: CONFIG_PANIC_ON_OOPS is in our configuration (kernels/config). */
	const char *const argv[] = {"linux",
				    memory,
				    "rdinit=/init",
				    initrd,
				    dir,
				    "con=null",
				    "ssl=null",
				    "con0=null,fd:1",
				    channel,
				    "loglevel=5",
				    "panic=-1",
				    "kasan.fault=panic",
				    "seccomp=auto",
				    "rcupdate.rcu_expedited=1",
				    NULL};

	folder(getpid(), place, sizeof(place));
	if (mkdir(place, 0700)) /* also if somebody has made it: the guest's memory would be theirs to read */
		return;
	setenv("TMPDIR", place, 1);
	setenv("HOME", place, 1);
	setrlimit(RLIMIT_CORE, &no_core);
	one_cpu();
	watch();
	snprintf(memory, sizeof(memory), "mem=%uM", o->memory);
	snprintf(initrd, sizeof(initrd), "initrd=/proc/self/fd/%d", MACHINE_INITRAMFS);
	snprintf(channel, sizeof(channel), "ssl1=fd:%d,fd:%d", MACHINE_CHANNEL, MACHINE_CHANNEL);
	snprintf(dir, sizeof(dir), "uml_dir=%s/", place);
	execv(o->kernel, (char *const *)argv);
}

int uml_ram(pid_t pid)
{
	char dir[64], path[PATH_MAX], to[PATH_MAX];
	struct dirent *e;
	int fd = -1;
	DIR *d;

	snprintf(dir, sizeof(dir), "/proc/%d/fd", (int)pid);
	d = opendir(dir);
	while (d && fd < 0 && (e = readdir(d))) {
		ssize_t n;

		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		n = readlink(path, to, sizeof(to) - 1);
		if (n <= 0)
			continue;
		to[n] = 0;
		/* The only file in that folder that has no name (any more): arch/um/os-Linux/mem.c. */
		if (strstr(to, "/" PLACE_NAME) && n > (ssize_t)strlen(GONE) &&
		    !strcmp(to + n - strlen(GONE), GONE))
			fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (d)
		closedir(d);
	return fd;
}

void uml_forget(pid_t pid)
{
	char place[64];

	folder(pid, place, sizeof(place));
	dir_remove(place);
}

void uml_sweep(void)
{
	static const char *const places[] = {PLACE, "/tmp"};

	for (unsigned i = 0; i < 2; i++) {
		DIR *d = opendir(places[i]);
		struct dirent *e;

		while (d && (e = readdir(d))) {
			pid_t pid = strncmp(e->d_name, PLACE_NAME, strlen(PLACE_NAME))
					    ? 0
					    : (pid_t)atoi(e->d_name + strlen(PLACE_NAME));

			if (pid > 0 && kill(pid, 0) && errno == ESRCH)
				uml_forget(pid);
		}
		if (d)
			closedir(d);
	}
}
