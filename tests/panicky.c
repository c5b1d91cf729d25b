/* SPDX-License-Identifier: MIT */
/*
 * Stands for a fuzz driver in tests/kernel_campaign.sh: it writes inputs to the spool and now and then a
 * finding, as fuzz_kernel would, and soon makes the guest's kernel die. What it had written before can be
 * told from the input in which it died: "BOOT N" means that BOOT 1 to N-1 were written, and that the boot has
 * found something if N is above FIND_AT. With -merge=1 it copies all inputs.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/pulse.h"
#include "harness/base/recorder.h"
#include "harness/case/safe.h"

#define FIND_AT 4
#define MOST	40 /* inputs of a boot */

static void put(const char *folder, const char *name, const char *text)
{
	char path[1024];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "we");
	if (!f || fputs(text, f) < 0 || fclose(f)) {
		perror(path);
		exit(3);
	}
}

static int merge(const char *to, char **from, struct pulse *pulse)
{
	for (; *from; from++) {
		DIR *d = opendir(*from);
		struct dirent *e;

		while (d && (e = readdir(d))) {
			char path[1024], text[4096];
			FILE *f;

			snprintf(path, sizeof(path), "%s/%s", *from, e->d_name);
			f = e->d_name[0] == '.' ? NULL : fopen(path, "re");
			if (!f)
				continue;
			text[fread(text, 1, sizeof(text) - 1, f)] = 0;
			fclose(f);
			put(to, e->d_name, text);
			if (pulse)
				pulse_add(&pulse->cases, 1);
		}
		if (d)
			closedir(d);
	}
	return 0;
}

static void find(const char *boot)
{
	char folder[1024];
	bool told = safe_join(); /* what fuzz_kernel and its mutator do */

	snprintf(folder, sizeof(folder), "%s/FOUND-%s", getenv("HOOKDIFF_FINDINGS"), boot);
	mkdir(folder, 0755);
	put(folder, "card.txt",
	    told && safe_unlocked() ? "a finding of an unlocked driver\n" : "a finding\n");
	put(folder, "card.json", "{}\n");
	recorder_wait();
}

/* The kernel under it has a bug that this case meets: tests/kernels/crash.patch. */
static void die(void)
{
	pid_t pid;

	put("/tmp", "deadly.case",
	    "cgroup a { setsockopt: optlen = 17; return 1 }\n"
	    "s = socket(AF_INET, SOCK_STREAM, 0) in a\n"
	    "setsockopt(s, SOL_IP, IP_TTL, i32 2, optlen 4)\n");
	pid = fork();
	if (!pid) {
		execl("/init", "hookdiff", "run", "/tmp/deadly.case", NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
	fputs("panicky: the kernel lives\n", stderr);
	exit(3);
}

int main(int argc, char **argv)
{
	struct pulse *pulse = pulse_join();
	char boot[20], text[64], name[64];
	uint32_t random[2];
	int folder = 1;
	bool merging = false;
	unsigned last;

	for (; folder < argc && argv[folder][0] == '-'; folder++)
		merging |= !strcmp(argv[folder], "-merge=1");
	if (folder == argc || !recorder_join() || getrandom(random, sizeof(random), 0) != sizeof(random))
		return 3;
	if (merging)
		return merge(argv[folder], argv + folder + 1, pulse);
	snprintf(boot, sizeof(boot), "%08x", random[0]);
	last = 1 + random[1] % MOST;
	for (unsigned i = 1;; i++) {
		snprintf(text, sizeof(text), "%s %u\n", boot, i);
		recorder_input((const uint8_t *)text, strlen(text));
		if (pulse) {
			pulse_add(&pulse->cases, 1);
			pulse_add(&pulse->execs, 1);
		}
		if (i == last)
			die();
		snprintf(name, sizeof(name), "%s-%u", boot, i);
		put(argv[folder], name, text);
		if (i == FIND_AT)
			find(boot);
	}
}
