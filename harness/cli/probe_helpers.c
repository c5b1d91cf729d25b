/* SPDX-License-Identifier: MIT */
/*
 * hookdiff probe --helpers: the kernel is asked for every helper, on both hooks, by a program of one call. A
 * call with wrong arguments is refused too, but in other words than a helper that the type may not call at
 * all.
 */
#include "probe_helpers.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../../oracle/isa/helpers.h"
#include "../../oracle/isa/sockctx.h"
#include "../exec/bpf_uapi.h"
#include "../exec/bpfobj.h"

enum seen { SEEN_REFUSED, SEEN_ALLOWED, SEEN_NOTHING };

/* Beyond the numbers of all helpers that any kernel has: none came after 211 (6.2), kfuncs do instead. */
#define LAST_ID 230

static enum seen ask(unsigned hook, int id, char *log, unsigned size)
{
	/* r0 = helper(); return 1 */
	const struct bpf_insn insns[] = {{.code = BPF_JMP | BPF_CALL, .imm = id},
					 {.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1},
					 {.code = BPF_JMP | BPF_EXIT}};
	struct hd_attr_load a = {.prog_type = HD_PROG_TYPE_CGROUP_SOCKOPT,
				 .insn_cnt = 3,
				 .insns = (uintptr_t)insns,
				 .license = (uintptr_t) "GPL",
				 .log_level = 1,
				 .log_size = size,
				 .log_buf = (uintptr_t)log,
				 .expected_attach_type = hd_attach_type(hook)};
	int fd;

	log[0] = '\0';
	fd = hd_bpf(HD_BPF_PROG_LOAD, &a, sizeof(a));
	if (fd >= 0) {
		close(fd);
		return SEEN_ALLOWED;
	}
	/* before 6.x: "unknown func", since: "program of this type cannot use helper"; a number too large:
	 * "invalid" */
	if (strstr(log, "unknown func") || strstr(log, "cannot use helper") || strstr(log, "invalid func"))
		return SEEN_REFUSED;
	return log[0] && fd != -EPERM ? SEEN_ALLOWED : SEEN_NOTHING;
}

static const char *word(bool allowed)
{
	return allowed ? "yes" : "no";
}

static void print_row(int id, const struct isa_helper *h, const bool got[2], bool wrong, bool json)
{
	const char *name = isa_helper_name(id);

	if (json)
		printf("{\"type\":\"helper\",\"id\":%d,\"name\":\"%s\",\"since\":\"%u.%u\",\"get\":%s,"
		       "\"set\":%s,\"modelled\":%s,"
		       "\"table_is_right\":%s}\n",
		       id, name ? name : "", h ? h->since >> 8 : 0, h ? h->since & 255U : 0,
		       got[0] ? "true" : "false", got[1] ? "true" : "false", h && h->fn ? "true" : "false",
		       wrong ? "false" : "true");
	else
		printf("%-4d %-30s since %u.%-3u  get %-3s  set %-3s  %s%s\n", id, name ? name : "?",
		       h ? h->since >> 8 : 0, h ? h->since & 255U : 0, word(got[0]), word(got[1]),
		       h && h->fn ? "" : "not modelled", wrong ? "  THE TABLE IS WRONG" : "");
}

int probe_helpers(const struct cli *cli)
{
	static char log[1 << 16];
	unsigned major = 0, minor = 0, kernel, allowed = 0, wrong = 0;
	struct utsname u = {0};

	uname(&u);
	if (sscanf(u.release, "%u.%u", &major, &minor) != 2) {
		fprintf(stderr, "hookdiff: expected a release like 6.12, found '%s'\n", u.release);
		return EXIT_UNSURE;
	}
	kernel = ISA_KERNEL(major, minor);
	bpfobj_raise_memlock();
	for (int id = 1; id <= LAST_ID; id++) {
		const struct isa_helper *h = isa_helper_find(id);
		bool got[2], differs = false;

		for (unsigned hook = 0; hook < 2; hook++) {
			enum seen seen = ask(hook, id, log, sizeof(log));

			if (seen == SEEN_NOTHING) {
				fprintf(stderr, "SKIP: the kernel does not say which helpers sockopt "
						"programs may call: no "
						"program is loaded; run as root, or with --kernel\n");
				return EXIT_UNSURE;
			}
			got[hook] = seen == SEEN_ALLOWED;
			differs |= got[hook] !=
				   (h && h->since <= kernel && (hook == ISA_SETSOCKOPT || !h->set_only));
		}
		allowed += got[0] || got[1];
		wrong += differs;
		if (h || differs)
			print_row(id, h, got, differs, cli->json);
	}
	if (!cli->json)
		printf("Linux %s lets sockopt programs call %u helpers; %u rows of the table are wrong\n",
		       u.release, allowed, wrong);
	return wrong ? EXIT_DIVERGENCE : EXIT_AGREE;
}
