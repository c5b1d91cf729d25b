/* SPDX-License-Identifier: MIT */
/*
 * fuzz-seeds OUT CORPUS [OBJECTS...]: what the engines begin with, made by the build.
 *
 *	OUT/seeds/fuzz_case_text/   every .case file below CORPUS, also those that are complained about
 *	OUT/seeds/fuzz_case_bin/, fuzz_oracle/, fuzz_kernel/
 *	                            those that parse, in binary form without their expectations, one a file
 *                            and in batches; for the kernel only what cannot hurt the machine
 *	OUT/seeds/fuzz_isa/         one program for each instruction, and the programs of those cases as
 *                            straight-line instructions
 *	OUT/seeds/fuzz_elf/         the BPF objects OBJECTS
 *	OUT/seeds/fuzz_tree/        the cases with operations, in binary form
 *	OUT/fuzz_NAME.dict          words of the language and names of options; encoded ints and options;
 *                            instructions; names of sections
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/buf.h"
#include "harness/base/names.h"
#include "harness/case/case_bin.h"
#include "harness/case/case_text.h"
#include "harness/case/case_words.h"
#include "harness/case/options.h"
#include "harness/case/safe.h"
#include "harness/case/tree_bin.h"
#include "harness/case/tree_text.h"
#include "harness/emit/insn.h"
#include "oracle/isa/check.h"

#define BATCH 8

enum { TEXT, BIN, ORACLE, KERNEL, ISA, ELF, TREE, TARGETS };
static const char *const targets[TARGETS] = {"fuzz_case_text", "fuzz_case_bin", "fuzz_oracle", "fuzz_kernel",
					     "fuzz_isa",       "fuzz_elf",	"fuzz_tree"};

struct seeds {
	const char *out;
	size_t skip; /* of a path: CORPUS and its slash */
	unsigned files, cases, batches;
	/* The batch that fills, by target. */
	struct buf batch[TARGETS];
	unsigned n[TARGETS];
};

static void die(const char *what, const char *path)
{
	fprintf(stderr, "fuzz-seeds: cannot %s %s: %s\n", what, path, strerror(errno));
	exit(2);
}

static void write_file(const char *path, const void *data, size_t n)
{
	FILE *f = fopen(path, "we");

	if (!f || fwrite(data, 1, n, f) != n || fclose(f))
		die("write", path);
}

static void add(const struct seeds *s, unsigned target, const char *name, const void *data, size_t n)
{
	struct buf path = {0};

	buf_printf(&path, "%s/seeds/%s/%s", s->out, targets[target], name);
	write_file(buf_str(&path), data, n);
	buf_fini(&path);
}

static void end_batch(struct seeds *s, unsigned target)
{
	char name[32];

	snprintf(name, sizeof(name), "batch-%03u", s->batches++);
	if (s->n[target] > 1)
		add(s, target, name, s->batch[target].p, s->batch[target].n);
	buf_reset(&s->batch[target]);
	s->n[target] = 0;
}

/* A program for fuzz_isa: a byte with the hook and a window of 16 bytes, then the instructions. */
static void add_program(struct seeds *s, const char *name, enum hook hook, const struct bpf_insn *insn,
			unsigned n)
{
	struct buf b = {0};
	uint8_t first = (uint8_t)(hook == HOOK_SET) | 16 << 1;

	buf_add(&b, &first, 1);
	buf_add(&b, insn, n * sizeof(*insn));
	add(s, ISA, name, b.p, b.n);
	buf_fini(&b);
}

static void add_programs(struct seeds *s, const struct tcase *tc, const char *name)
{
	static struct insn_list list;
	char path[300];

	for (unsigned id = 0; id < TC_MAX_PROGS; id++)
		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			const struct insn_opts opts = {.hook = (enum hook)h, .has_retval_helpers = true};

			if (id / TC_MAX_SLOTS >= tc->n_levels ||
			    id % TC_MAX_SLOTS >= tc->level[id / TC_MAX_SLOTS].n[h] || tcase_returns_2(tc))
				continue;
			insn_translate(tcase_prog(tc, (enum hook)h, id), &opts, &list);
			snprintf(path, sizeof(path), "%s-%u-%u", name, id, h);
			add_program(s, path, (enum hook)h, list.insn, list.n);
		}
}

/* An instruction of a form: fields that are free hold what does no harm. */
static struct bpf_insn form_insn(const struct isa_form_row *row)
{
	struct bpf_insn in = {.code = row->code, .dst_reg = 10, .src_reg = 2};

	if (row->dst >= 0 || row->dst == REG_W)
		in.dst_reg = row->dst >= 0 ? row->dst & 15 : 0;
	if (row->src >= 0)
		in.src_reg = row->src & 15;
	in.off = row->off >= 0 ? row->off : row->off == ANY ? -8 : 0;
	in.imm = row->imm >= 0 ? row->imm : row->imm == JUMP ? 0 : 7;
	return in;
}

/* Each instruction of insn.def once, between registers with numbers in them and an exit. */
static void add_forms(struct seeds *s)
{
	for (unsigned f = 0; f < ISA_FORMS; f++) {
		struct bpf_insn insn[6] = {{.code = 0xb7, .imm = -5}, {.code = 0xb7, .dst_reg = 2, .imm = 3}};
		unsigned n = 2;

		insn[n++] = form_insn(&isa_forms[f]);
		n += isa_forms[f].code == ISA_CODE_WIDE;
		insn[n++] = (struct bpf_insn){.code = 0x95};
		add_program(s, isa_forms[f].name, HOOK_GET, insn, n);
	}
}

/* One case in binary form, alone and as a part of a batch. */
static void add_case(struct seeds *s, struct tcase *tc, const char *name)
{
	static uint8_t bytes[CASE_BIN_MAX];
	int32_t level, optname;
	size_t n;

	for (unsigned i = 0; i < tc->n_calls; i++) {
		tc->call[i].expect.has_ret = tc->call[i].expect.has_optlen = false;
		tc->call[i].expect.n_bytes = 0;
	}
	n = case_bin_encode(tc, bytes, sizeof(bytes));
	add_programs(s, tc, name);
	for (unsigned t = BIN; t <= KERNEL; t++) {
		if (t == KERNEL && (!tcase_host_safe(tc, &level, &optname) || tcase_returns_2(tc)))
			continue;
		add(s, t, name, bytes, n);
		buf_add(&s->batch[t], bytes, n);
		if (++s->n[t] == BATCH)
			end_batch(s, t);
	}
	s->cases++;
}

/* Reads at most `room` bytes of a file; how many. */
static size_t read_file(const char *path, void *to, size_t room)
{
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		die("read", path);
	n = fread(to, 1, room, f);
	fclose(f);
	return n;
}

static void add_object(struct seeds *s, const char *path)
{
	static uint8_t bytes[1 << 20];
	const char *name = strrchr(path, '/');
	size_t n = read_file(path, bytes, sizeof(bytes));

	add(s, ELF, name ? name + 1 : path, bytes, n);
}

static void add_tree(struct seeds *s, const char *path, const char *name, const char *text, size_t n)
{
	static struct tree t; /* large */
	static uint8_t bytes[TREE_BIN_MAX];

	if (!tree_parse(text, n, path, &t, NULL, NULL))
		add(s, TREE, name, bytes, tree_bin_encode(&t, bytes, sizeof(bytes)));
}

static void add_file(struct seeds *s, const char *path)
{
	static struct tcase tc; /* large */
	static char text[CASE_TEXT_MAX];
	size_t n = read_file(path, text, sizeof(text));
	char name[256];

	snprintf(name, sizeof(name), "%s", path + s->skip);
	for (char *p = name; *p; p++)
		if (*p == '/')
			*p = '-';
	add(s, TEXT, name, text, n);
	s->files++;
	if (tree_text_is(text, n)) {
		add_tree(s, path, name, text, n);
		return;
	}
	if (!tcase_parse(text, n, path, &tc, NULL, NULL))
		add_case(s, &tc, name);
}

/* In the order of names, so that every build makes the same. */
static void walk(struct seeds *s, const char *folder)
{
	struct dirent **entry;
	int n = scandir(folder, &entry, NULL, alphasort);

	if (n < 0)
		die("read", folder);
	for (int i = 0; i < n; i++) {
		const char *end = strrchr(entry[i]->d_name, '.');
		struct buf path = {0};
		struct stat st;

		buf_printf(&path, "%s/%s", folder, entry[i]->d_name);
		if (entry[i]->d_name[0] != '.' && !stat(buf_str(&path), &st)) {
			if (S_ISDIR(st.st_mode))
				walk(s, buf_str(&path));
			else if (end && !strcmp(end, ".case"))
				add_file(s, buf_str(&path));
		}
		buf_fini(&path);
		free(entry[i]);
	}
	free(entry);
}

/* ---- dictionaries ---- */

static void word(struct buf *b, const char *s)
{
	if (s && *s)
		buf_printf(b, "\"%s\"\n", s);
}

static void text_dictionary(struct buf *b)
{
	static const char *const words[] = {
		"cgroup a ",  "cgroup a/b ", " = socket(", " = socketpair(", " = listening(", " = connected(",
		" = closed(", ") in a",	     ") outside",  "getsockopt(",    "setsockopt(",   "badfd",
		"optlen ",    "optlen NULL", "NULL",	   "i32 ",	     "u8 ",	      "u16 ",
		"hex ",	      "fill 0x",     "size ",	   "readonly",	     "edge",	      "via io_uring",
		"via compat", "if ",	     "return ",	   "set_retval(",    "retval = ",     "optval[0] = ",
		"{ }",	      " = -1 E",     " = 0 [",	   "raw ",	     "# clauses ",    "# profiles ",
		"buf ",	      "-2147483648", "2147483647",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		word(b, words[i]);
	for (unsigned i = 0; i < HOOK_COUNT; i++)
		word(b, case_hook_words[i]);
	for (unsigned i = 0; i < MODE_COUNT; i++)
		word(b, case_mode_words[i]);
	for (unsigned i = 0; i < FIELD_COUNT; i++)
		word(b, case_field_words[i]);
	for (size_t i = 0; i < level_count(); i++)
		word(b, level_name(level_at(i)));
	for (size_t i = 0; i < option_count(); i++)
		word(b, option_at(i)->name);
	for (const struct name *n = names_family; n->name; n++)
		word(b, n->name);
	for (const struct name *n = names_socktype; n->name; n++)
		word(b, n->name);
}

static void binary_dictionary(struct buf *b)
{
	size_t n;
	const int32_t *val = case_bin_interesting(&n);

	for (size_t i = 0; i < n; i++) { /* an int that is written out: a tag and four bytes */
		uint32_t v = (uint32_t)val[i];

		buf_printf(b, "\"\\xc0\\x%02x\\x%02x\\x%02x\\x%02x\"\n", v & 0xff, v >> 8 & 0xff,
			   v >> 16 & 0xff, v >> 24);
	}
	for (size_t i = 0; i < option_count(); i++)
		buf_printf(b, "# %s\n\"\\x%02x\\x%02x\"\n", option_at(i)->name, (unsigned)(i >> 8),
			   (unsigned)(i & 0xff));
}

static void quoted(struct buf *b, const void *data, size_t n)
{
	buf_printf(b, "\"");
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "\\x%02x", ((const uint8_t *)data)[i]);
	buf_printf(b, "\"\n");
}

static void isa_dictionary(struct buf *b)
{
	for (unsigned f = 0; f < ISA_FORMS; f++) {
		struct bpf_insn in = form_insn(&isa_forms[f]);

		buf_printf(b, "# %s\n", isa_forms[f].name);
		quoted(b, &in, sizeof(in));
	}
}

static void elf_dictionary(struct buf *b)
{
	static const char *const words[] = {
		"cgroup/getsockopt",
		"cgroup/setsockopt",
		".maps",
		"maps",
		".BTF",
		".BTF.ext",
		".rodata",
		".data",
		".bss",
		".kconfig",
		".ksyms",
		"license",
		".text",
		".symtab",
		".strtab",
		".relmaps",
		"values",
		"bpf_sockopt",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		word(b, words[i]);
}

static void dictionary(const struct seeds *s, unsigned target)
{
	struct buf b = {0}, path = {0};

	if (target == TEXT)
		text_dictionary(&b);
	else if (target == ISA)
		isa_dictionary(&b);
	else if (target == ELF)
		elf_dictionary(&b);
	else
		binary_dictionary(&b);
	buf_printf(&path, "%s/%s.dict", s->out, targets[target]);
	write_file(buf_str(&path), b.p, b.n);
	buf_fini(&path);
	buf_fini(&b);
}

static void make_folder(const char *path)
{
	if (mkdir(path, 0777) && errno != EEXIST)
		die("make", path);
}

int main(int argc, char **argv)
{
	static struct seeds s;

	if (argc < 3) {
		fprintf(stderr, "usage: fuzz-seeds OUT CORPUS [OBJECTS...]\n");
		return 64;
	}
	s.out = argv[1];
	s.skip = strlen(argv[2]) + 1;
	make_folder(s.out);
	for (int t = -1; t < TARGETS; t++) {
		struct buf path = {0};

		buf_printf(&path, "%s/seeds%s%s", s.out, t < 0 ? "" : "/", t < 0 ? "" : targets[t]);
		make_folder(buf_str(&path));
		buf_fini(&path);
	}
	walk(&s, argv[2]);
	add_forms(&s);
	for (int i = 3; i < argc; i++)
		add_object(&s, argv[i]);
	for (unsigned t = 0; t < TARGETS; t++) {
		end_batch(&s, t);
		buf_fini(&s.batch[t]);
		dictionary(&s, t);
	}
	printf("%u files, %u of them cases\n", s.files, s.cases);
	return s.cases ? 0 : 2;
}
