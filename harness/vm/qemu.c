/* SPDX-License-Identifier: MIT */
#include "qemu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"

#define PROGRAM "qemu-system-x86_64"

/*
 * Quick to boot, and nothing hidden: warnings reach the console, and an oops or a report of KASAN (5.19;
 * kernels without it pass over the word) ends the guest there and then, with the case that caused it still in
 * the recorder.
 */
#define APPEND                                                                                               \
	"console=ttyS0 loglevel=5 panic=-1 oops=panic kasan.fault=panic rdinit=/init mitigations=off "       \
	"nokaslr "                                                                                           \
	"cryptomgr.notests "                                                                                 \
	"lsm=capability audit=0 no_timer_check random.trust_cpu=on 8250.nr_uarts=4 "                         \
	"rcupdate.rcu_expedited=1"
#define APPEND_TCG " tsc=reliable lpj=5000000" /* both are known there, and measuring them takes time */

bool qemu_find(char *out, size_t size)
{
	const char *path = getenv("PATH");

	for (const char *p = path ? path : "/usr/bin:/bin"; *p;) {
		size_t n = strcspn(p, ":");

		if (n && (size_t)snprintf(out, size, "%.*s/" PROGRAM, (int)n, p) < size && !access(out, X_OK))
			return true;
		p += n + (p[n] == ':');
	}
	return false;
}

#ifdef __x86_64__
/* The processor's ticks and the clock at one moment: read again if something came between. */
static uint64_t ticks_at(struct timespec *t)
{
	uint64_t before, after;

	do {
		before = __builtin_ia32_rdtsc();
		clock_gettime(CLOCK_MONOTONIC, t);
		after = __builtin_ia32_rdtsc();
	} while (after - before > 50000);
	return before;
}
#endif

/*
 * An emulated processor counts the ticks of the real one. A kernel without ACPI has nothing to measure them
 * by, and would keep time by timer interrupts, of which a busy host loses many: it is told (v5.8). To one
 * part in a thousand.
 */
static void append_ticks(char *append, size_t size)
{
#ifdef __x86_64__
	const struct timespec rest = {0, 10000000};
	struct timespec from, to;
	uint64_t ticks = ticks_at(&from);
	double ms;

	nanosleep(&rest, NULL);
	ticks = ticks_at(&to) - ticks;
	ms = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
	snprintf(append + strlen(append), size - strlen(append), " tsc_early_khz=%.0f", (double)ticks / ms);
#else
	(void)append, (void)size;
#endif
}

void qemu_exec(const char *program, const struct machine_opts *o)
{
	char ram[128], initrd[64], memory[32], channel[64], port[64], plugin[96];
	char append[512] = APPEND;
	const char *argv[64] = {
		program, "-accel", o->kvm ? "kvm" : "tcg,tb-size=48",
		/* TCG's largest model has what some kernels stumble over; the plain one is no slower. */
		"-cpu", o->kvm ? "host" : "Nehalem", "-machine", "pc,memory-backend=ram,vmport=off,usb=off",
		"-smp", "1", "-m", memory, "-object", ram, "-nodefaults", "-no-user-config", "-no-reboot",
		"-display", "none", "-serial", "stdio", "-chardev", channel, "-serial", "chardev:channel",
		"-device", "isa-debug-exit,iobase=0xf4,iosize=0x4", "-chardev", port, "-device",
		"isa-debugcon,iobase=0xe9,chardev=port", "-kernel", o->kernel, "-initrd", initrd, "-append",
		append};
	unsigned n = 1;

	if (!o->kvm) {
		strcat(append, APPEND_TCG);
		append_ticks(append, sizeof(append));
	}
	snprintf(memory, sizeof(memory), "%uM", o->memory);
	snprintf(ram, sizeof(ram), "memory-backend-file,id=ram,share=on,size=%uM,mem-path=/proc/self/fd/%d",
		 o->memory, MACHINE_RAM);
	snprintf(initrd, sizeof(initrd), "/proc/self/fd/%d", MACHINE_INITRAMFS);
	snprintf(channel, sizeof(channel), "socket,id=channel,fd=%d", MACHINE_CHANNEL);
	snprintf(port, sizeof(port), "file,id=port,path=/proc/self/fd/%d", MACHINE_PORT);
	if (o->plugin) {
		snprintf(plugin, sizeof(plugin), "file=/proc/self/fd/%d,trace=/proc/self/fd/%d",
			 MACHINE_PLUGIN, MACHINE_TRACE);
		while (argv[n])
			n++;
		argv[n++] = "-plugin";
		argv[n] = plugin;
	}
	execv(program, (char *const *)argv);
}
