/* SPDX-License-Identifier: MIT */
/*
 * The interpreter and its tables against the running kernel: the same instructions are loaded as a socket
 * filter, run by BPF_PROG_TEST_RUN, and leave their results in a map. Needs root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "isa_asm.h"
#include "oracle/isa/disasm.h"
#include "oracle/isa/helpers.h"

static int maps[2] = {-1, -1};
static char why_not[200];
static char verifier[1 << 20];
static struct text text;
static struct bench_vm bench;
static unsigned running; /* ISA_KERNEL() of this kernel */
static bool quiet;	 /* the verifier's words are not wanted: faster */

static int load(const struct text *t, enum bpf_prog_type type, enum bpf_attach_type attach)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .fd_array = maps, .expected_attach_type = attach,
		    .log_buf = verifier, .log_size = sizeof(verifier), .log_level = 1);

	if (quiet) {
		opts.log_buf = NULL;
		opts.log_size = opts.log_level = 0;
	}

	verifier[0] = '\0';
	return bpf_prog_load(type, "isa", "GPL", t->insn, t->n, &opts);
}

static int setup(void **state)
{
	struct utsname u;
	unsigned major = 0, minor = 0;
	uint32_t zero = 0;

	(void)state;
	uname(&u);
	if (sscanf(u.release, "%u.%u", &major, &minor) == 2)
		running = ISA_KERNEL(major, minor);
	if (!bench_open(&bench))
		return -1;
	maps[0] = bpf_map_create(BPF_MAP_TYPE_ARRAY, "operands", 4, sizeof(edges), 1, NULL);
	maps[1] = bpf_map_create(BPF_MAP_TYPE_ARRAY, "results", 4, RESULTS, 1, NULL);
	if (maps[0] < 0 || maps[1] < 0 || bpf_map_update_elem(maps[0], &zero, edges, 0)) {
		snprintf(why_not, sizeof(why_not), "the kernel gives no BPF map (%s); run as root",
			 maps[0] < 0 ? "bpf(BPF_MAP_CREATE) failed" : "bpf(BPF_MAP_UPDATE_ELEM) failed");
		return 0;
	}
	text.n = 0;
	put_tail(&text);
	if (load(&text, BPF_PROG_TYPE_SOCKET_FILTER, 0) < 0)
		snprintf(why_not, sizeof(why_not), "the kernel loads no socket filter; run as root");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(maps[0]);
	close(maps[1]);
	bench_close(&bench);
	return 0;
}

static void need_kernel(void)
{
	if (!why_not[0])
		return;
	print_message("SKIP: %s\n", why_not);
	skip();
}

/* Runs t in the kernel; results in out. */
static void kernel_run(const struct text *t, const char *name, uint64_t out[RESULTS / 8])
{
	char packet[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = packet, .data_size_in = sizeof(packet));
	uint32_t zero = 0;
	int fd = load(t, BPF_PROG_TYPE_SOCKET_FILTER, 0);

	if (fd < 0)
		fail_msg("%s: the kernel refused the program: %s", name, verifier);
	assert_int_equal(bpf_prog_test_run_opts(fd, &run), 0);
	assert_int_equal(bpf_map_lookup_elem(maps[1], &zero, out), 0);
	close(fd);
}

static void show(const struct text *t)
{
	struct buf b = {0};

	isa_disasm_all(&b, t->insn, t->n);
	print_message("%s", buf_str(&b));
	buf_fini(&b);
}

/* Every form on all edge operands: the interpreter's results are the kernel's. */
static void every_form(void **state)
{
	static uint64_t want[RESULTS / 8];
	size_t tried = 0, compared = 0;

	(void)state;
	need_kernel();
	for (unsigned f = 0; f < ISA_FORMS; f++) {
		size_t n = form_program(&isa_forms[f], &text);
		const char *wrong;
		uint64_t r0;

		if (!n || isa_forms[f].since > running)
			continue;
		assert_true(8 * n <= RESULTS);
		kernel_run(&text, isa_forms[f].name, want);
		wrong = bench_run(&bench, &text, &r0);
		if (wrong)
			fail_msg("%s: %s", isa_forms[f].name, wrong);
		for (size_t i = 0; i < n; i++)
			if (result_at(&bench, i) != want[i])
				fail_msg("%s, result %zu: kernel 0x%llx, interpreter 0x%llx",
					 isa_forms[f].name, i, (unsigned long long)want[i],
					 (unsigned long long)result_at(&bench, i));
		tried++;
		compared += n;
	}
	print_message("%zu forms, %zu results\n", tried, compared);
	assert_true(tried > 100);
}

static void random_programs(void **state)
{
	static uint64_t want[RESULTS / 8];
	unsigned n = getenv("HOOKDIFF_TEST_QUICK") ? 300 : 3000;
	uint64_t seed = 20240607;

	(void)state;
	need_kernel();
	if (running < ISA_KERNEL(6, 6))
		skip(); /* the generator uses cpu v4 */
	for (unsigned k = 0; k < n; k++) {
		uint64_t start = seed, r0;
		const char *wrong;

		random_program(&seed, &text, 40);
		kernel_run(&text, "random program", want);
		wrong = bench_run(&bench, &text, &r0);
		if (wrong)
			fail_msg("seed %llu: %s", (unsigned long long)start, wrong);
		for (size_t i = 0; i < 10; i++)
			if (result_at(&bench, i) != want[i]) {
				show(&text);
				fail_msg("seed %llu: r%zu: kernel 0x%llx, interpreter 0x%llx",
					 (unsigned long long)start, i, (unsigned long long)want[i],
					 (unsigned long long)result_at(&bench, i));
			}
	}
	print_message("%u programs\n", n);
}

/* What the tables of operands do not reach: calls and unconditional jumps. */
static void calls_and_jumps(void **state)
{
	char packet[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = packet, .data_size_in = sizeof(packet));
	int fd;

	(void)state;
	need_kernel();
	for (int k = 0; k < (running < ISA_KERNEL(6, 6) ? 2 : 3); k++) {
		if (k == 0)
			call_program(&text);
		else
			goto_program(&text, k == 2);
		quiet = true; /* the verifier's words on 40000 instructions fit no buffer */
		fd = load(&text, BPF_PROG_TYPE_SOCKET_FILTER, 0);
		quiet = false;
		if (fd < 0)
			fail_msg("program %d: the kernel refused it", k);
		assert_int_equal(bpf_prog_test_run_opts(fd, &run), 0);
		close(fd);
		assert_int_equal(run.retval, k ? 42 : 117);
	}
}

/* Helpers: the kernel knows one for this type exactly if the table does. */
static void helper_table(void **state)
{
	unsigned allowed = 0;

	(void)state;
	need_kernel();
	for (int set = 0; set < 2; set++)
		for (int id = 1; id < 230; id++) {
			const struct isa_helper *h = isa_helper_find(id);
			bool want = h && h->since <= running && (set || !h->set_only), got;
			int fd;

			text.n = 0;
			put(&text, 0x85, 0, 0, 0, id);
			put_tail(&text);
			fd = load(&text, BPF_PROG_TYPE_CGROUP_SOCKOPT,
				  set ? BPF_CGROUP_SETSOCKOPT : BPF_CGROUP_GETSOCKOPT);
			if (fd >= 0)
				close(fd);
			got = fd >= 0 ||
			      (!strstr(verifier, "cannot use helper") && !strstr(verifier, "unknown func") &&
			       !strstr(verifier, "invalid func"));
			if (got != want)
				fail_msg("helper %d (%s) on %s: kernel %s, table %s: %s", id,
					 isa_helper_name(id), set ? "setsockopt" : "getsockopt",
					 got ? "allows" : "refuses", want ? "allows" : "refuses", verifier);
			allowed += got;
		}
	print_message("%u rows allowed here\n", allowed);
}

static bool accepted(enum isa_hook hook)
{
	int fd = load(&text, BPF_PROG_TYPE_CGROUP_SOCKOPT,
		      hook == ISA_SETSOCKOPT ? BPF_CGROUP_SETSOCKOPT : BPF_CGROUP_GETSOCKOPT);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static const int load_code[] = {[1] = 0x71, [2] = 0x69, [4] = 0x61, [8] = 0x79};
static const int store_code[] = {[1] = 0x73, [2] = 0x6b, [4] = 0x63, [8] = 0x7b};

/* Every access to the context, by hook, offset, width and direction. */
static void context_table(void **state)
{
	unsigned yes = 0, no = 0;

	(void)state;
	need_kernel();
	for (int hook = 0; hook < 2; hook++)
		for (int off = 0; off < 44; off++)
			for (int width = 1; width <= 8; width *= 2)
				for (int write = 0; write < 2; write++) {
					const char *why;
					bool want = isa_ctx_access((enum isa_hook)hook, (uint64_t)off,
								   (unsigned)width, write, &why) != NULL;
					bool got;

					text.n = 0;
					MOV_K(&text, 2, 0);
					if (write)
						put(&text, store_code[width], 1, 2, off, 0);
					else
						put(&text, load_code[width], 3, 1, off, 0);
					put_tail(&text);
					got = accepted((enum isa_hook)hook);
					if (got != want)
						fail_msg("ctx+%d, %d bytes, %s on hook %d: kernel %d, table "
							 "%d: %s",
							 off, width, write ? "write" : "read", hook, got,
							 want, verifier);
					yes += got;
					no += !got;
				}
	print_message("%u accesses allowed, %u refused\n", yes, no);
	assert_int_equal(yes, 7 + 2 + 6 + 3); /* get: 7 reads, 2 writes; set: 6 reads, 3 writes */
}

/* A store of an immediate into the context: since 6.4. */
static void context_immediate(void **state)
{
	(void)state;
	need_kernel();
	text.n = 0;
	put(&text, 0x62, 1, 0, 32, -1);
	put_tail(&text);
	assert_int_equal(accepted(ISA_SETSOCKOPT), running >= ISA_CTX_ST_SINCE);
}

static void socket_tables(void **state)
{
	(void)state;
	need_kernel();
	for (int tcp = 0; tcp < 2; tcp++)
		for (int off = 0; off < 128; off++)
			for (int width = 1; width <= 8; width *= 2) {
				const char *why =
					tcp ? isa_tcp_sock_access((uint64_t)off, (unsigned)width, false)
					    : isa_sock_access((uint64_t)off, (unsigned)width, false);
				bool got;

				text.n = 0;
				LDX_DW(&text, 1, 1, 0);
				if (tcp) {
					put(&text, 0x85, 0, 0, 0, 96); /* tcp_sock */
					put(&text, 0x55, 0, 0, 1, 0);  /* if r0 != 0 goto +1 */
					put_exit(&text);
					MOV_X(&text, 1, 0);
				}
				put(&text, load_code[width], 3, 1, off, 0);
				put_tail(&text);
				got = accepted(ISA_GETSOCKOPT);
				if (got != !why)
					fail_msg("%s+%d, %d bytes: kernel %d, table %s: %s",
						 tcp ? "tcp_sock" : "sk", off, width, got,
						 why ? why : "allows", verifier);
			}
}

/*
 * Legality: whatever the kernel loads, isa_check must take. Programs of one random instruction between known
 * ones; half of them made from rows of the table with one field spoilt.
 */
static void legality(void **state)
{
	unsigned loaded = 0, n = getenv("HOOKDIFF_TEST_QUICK") ? 2000 : 10000;
	uint64_t seed = 777;

	(void)state;
	need_kernel();
	quiet = true;
	for (unsigned k = 0; k < n; k++) {
		const struct isa_form_row *f = &isa_forms[random_next(&seed) % ISA_FORMS];
		uint64_t r = random_next(&seed);
		struct isa_problem p;
		struct bpf_insn *in;
		uint8_t form[64];
		int fd;

		text.n = 0;
		for (int reg = 0; reg < 10; reg++)
			if (reg != 1)
				MOV_K(&text, reg, 5);
		STX_DW(&text, 10, 0, -8);
		in = &text.insn[text.n];
		put(&text, r & 1 ? f->code : (int)(r >> 8 & 255), f->dst >= 0 ? f->dst : (int)(r >> 16 & 7),
		    f->src >= 0 ? f->src : (int)(r >> 20 & 7),
		    f->off >= 0	     ? f->off
		    : f->off == JUMP ? 0
				     : -8,
		    f->imm >= 0	     ? f->imm
		    : f->imm == JUMP ? 0
				     : 3);
		if ((in->code & 7) == 1)
			in->src_reg = 10;
		else if ((in->code & 7) == 2 || (in->code & 7) == 3)
			in->dst_reg = 10;
		switch (r >> 32 & 7) { /* spoil one field, or none */
		case 0:
			in->off = (int16_t)(r >> 40 & 3);
			break;
		case 1:
			in->imm = (int)(r >> 40 & 0xff);
			break;
		case 2:
			in->src_reg = r >> 40 & 15;
			break;
		case 3:
			in->dst_reg = r >> 40 & 15;
			break;
		}
		if (in->code == 0x18 && in->src_reg >= 1 && in->src_reg <= 3)
			continue; /* descriptors and BTF ids: loaders of programs turn them into 5 and 6 */
		if (in->code == 0x18)
			put(&text, 0, 0, 0, 0, 0);
		put_tail(&text);
		fd = load(&text, BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT);
		if (fd < 0)
			continue;
		close(fd);
		loaded++;
		if (!isa_check(text.insn, text.n, form, NULL, &p) && !strstr(p.text, "not modelled"))
			fail_msg("the kernel loads { 0x%02x, dst %u, src %u, off %d, imm %d }, the table "
				 "does not: %s",
				 in->code, in->dst_reg, in->src_reg, in->off, in->imm, p.text);
	}
	quiet = false;
	print_message("%u of %u programs were loaded by the kernel\n", loaded, n);
	assert_true(loaded > n / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form),	   cmocka_unit_test(calls_and_jumps),
		cmocka_unit_test(random_programs), cmocka_unit_test(helper_table),
		cmocka_unit_test(context_table),   cmocka_unit_test(context_immediate),
		cmocka_unit_test(socket_tables),   cmocka_unit_test(legality),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
