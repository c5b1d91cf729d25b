/* SPDX-License-Identifier: MIT */
#include "vm_lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../case/case_text.h"
#include "../kernels/files.h"
#include "../vm/vm.h"

#define IN_GUEST "/crash" /* the folder of the cases there */
#define SILENCE	 15	  /* seconds without a sign of life */

/* What a guest's kernel complained of without dying of it. */
struct heard {
	struct buf *said;
	int at; /* the case; -1: none yet */
};

/* The number in "/crash/007.case"; -1: it is none of ours. */
static int number_of(const char *path)
{
	static const char before[] = IN_GUEST "/";
	char *end;
	long n;

	path = strstr(path, before);
	if (!path)
		return -1;
	n = strtol(path + sizeof(before) - 1, &end, 10);
	return end > path + sizeof(before) - 1 && n >= 0 && n < CRASH_CASES && !strncmp(end, ".case", 5)
		       ? (int)n
		       : -1;
}

static void on_splat(void *arg, unsigned command, const char *text, const char *running)
{
	struct heard *h = arg;

	(void)command;
	if (h->at >= 0)
		return;
	h->at = number_of(running);
	buf_puts(h->said, text);
	buf_puts(h->said, "\n");
}

static bool write_case(const char *folder, unsigned i, const struct tcase *tc)
{
	struct buf text = {0};
	char path[300];
	int err;

	tcase_print(tc, NULL, &text);
	snprintf(path, sizeof(path), "%s/%03u.case", folder, i);
	err = text.failed ? -1 : file_write(path, buf_str(&text), text.n);
	buf_fini(&text);
	return !err;
}

static int boot(struct vm_lab *l, const char *folder, double seconds, struct buf *said)
{
	const char *const argv[] = {"run", "--profile", l->profile ? l->profile : "auto", IN_GUEST, NULL};
	const struct vm_command command = {.argv = argv};
	const struct vm_file file = {folder, IN_GUEST};
	struct heard heard = {.said = said, .at = -1};
	const struct vm_events events = {.splat = on_splat, .arg = &heard};
	const struct vm_job job = {.kernel = l->image->boot,
				   .uml = l->image->uml,
				   .modules = l->image->modules[0] ? l->image->modules : NULL,
				   .guest = l->guest,
				   .file = &file,
				   .n_files = 1,
				   .command = &command,
				   .n_commands = 1,
				   .timeout = seconds < 1 ? 1 : (unsigned)seconds,
				   .silence = SILENCE};
	struct vm_result r;
	int at;

	vm_run(&job, &events, &r);
	if (r.interrupted && l->stop)
		*l->stop = 1;
	at = r.end == VM_SKIP || r.interrupted ? -1 : CRASH_CASES;
	if (heard.at >= 0)
		at = heard.at;
	else if (r.crashed)
		at = number_of(r.running);
	if (r.crashed && heard.at < 0)
		buf_add(said, buf_str(&r.report), r.report.n);
	vm_result_fini(&r);
	return at;
}

static int run(void *arg, const struct tcase *const *tc, unsigned n, double seconds, struct buf *said)
{
	struct vm_lab *l = arg;
	char folder[] = "/tmp/hookdiff-crash-XXXXXX";
	bool ok;
	int at = -1;

	if (!mkdtemp(folder))
		return -1;
	ok = n <= CRASH_CASES;
	for (unsigned i = 0; i < n && ok; i++)
		ok = write_case(folder, i, tc[i]);
	if (ok)
		at = boot(l, folder, seconds, said);
	dir_remove(folder);
	return at > (int)n ? (int)n : at;
}

void vm_lab_init(struct vm_lab *l)
{
	l->lab = (struct crash_lab){.run = run, .arg = l};
}
