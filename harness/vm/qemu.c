/* SPDX-License-Identifier: MIT */
#include "qemu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

void qemu_exec(const char *program, const struct machine_opts *o)
{
	char ram[128], initrd[64], memory[32], channel[64], plugin[96];
	const char *argv[64] = {
		program, "-accel", o->kvm ? "kvm" : "tcg,tb-size=48",
		/* TCG's largest model has what some kernels stumble over; the plain one is no slower. */
		"-cpu", o->kvm ? "host" : "Nehalem", "-machine", "pc,memory-backend=ram,vmport=off,usb=off",
		"-smp", "1", "-m", memory, "-object", ram, "-nodefaults", "-no-user-config", "-no-reboot",
		"-display", "none", "-serial", "stdio", "-chardev", channel, "-serial", "chardev:channel",
		"-device", "isa-debug-exit,iobase=0xf4,iosize=0x4", "-kernel", o->kernel, "-initrd", initrd,
		"-append", o->kvm ? APPEND : APPEND APPEND_TCG};
	unsigned n = 1;

	snprintf(memory, sizeof(memory), "%uM", o->memory);
	snprintf(ram, sizeof(ram), "memory-backend-file,id=ram,share=on,size=%uM,mem-path=/proc/self/fd/%d",
		 o->memory, MACHINE_RAM);
	snprintf(initrd, sizeof(initrd), "/proc/self/fd/%d", MACHINE_INITRAMFS);
	snprintf(channel, sizeof(channel), "socket,id=channel,fd=%d", MACHINE_CHANNEL);
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
