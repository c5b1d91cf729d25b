/* SPDX-License-Identifier: MIT */
#include "symbol.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../kernels/run.h"
#include "../report/text.h"

/* ---- where a function is ---- */

/*
 * Two static functions may share a name; the size that the trace names then tells which one, to within the
 * padding behind a function (kallsyms counts up to the next one).
 */
static void look_up(const struct crash_report *r, Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh,
		    uint64_t *address)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t n = data && sh->sh_entsize ? data->d_size / sh->sh_entsize : 0;
	uint64_t best[CRASH_FRAMES];

	memset(best, 0xff, sizeof(best));
	for (size_t i = 0; i < n; i++) {
		const char *name;
		GElf_Sym sym;

		if (!gelf_getsym(data, (int)i, &sym) || GELF_ST_TYPE(sym.st_info) != STT_FUNC ||
		    !sym.st_value)
			continue;
		name = elf_strptr(elf, sh->sh_link, sym.st_name);
		for (unsigned k = 0; name && k < r->n_frames; k++) {
			uint64_t off = sym.st_size > r->frame[k].size ? sym.st_size - r->frame[k].size
								      : r->frame[k].size - sym.st_size;

			if (strcmp(r->frame[k].function, name) != 0 || off >= best[k] ||
			    r->frame[k].offset > r->frame[k].size)
				continue;
			best[k] = off;
			/* A return address is behind the call: the byte before it is still of the call's
			 * line. */
			address[k] = sym.st_value + r->frame[k].offset -
				     (!r->frame[k].exact && r->frame[k].offset ? 1 : 0);
		}
	}
}

static bool find_addresses(const struct crash_report *r, const char *path, uint64_t *address, char *why,
			   size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool symbols = false, lines = false;
	Elf_Scn *scn = NULL;
	size_t names;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = fd >= 0 ? elf_begin(fd, ELF_C_READ_MMAP, NULL) : NULL;
	if (!elf || elf_kind(elf) != ELF_K_ELF || elf_getshdrstrndx(elf, &names)) {
		snprintf(why, size, "the kernel's file has no symbols: %s",
			 fd < 0 ? strerror(errno) : "it is no ELF file");
	} else {
		while ((scn = elf_nextscn(elf, scn))) {
			const char *name;
			GElf_Shdr sh;

			if (!gelf_getshdr(scn, &sh))
				continue;
			name = elf_strptr(elf, names, sh.sh_name);
			lines |= name && !strcmp(name, ".debug_line");
			if (sh.sh_type == SHT_SYMTAB) {
				look_up(r, elf, scn, &sh, address);
				symbols = true;
			}
		}
		if (!symbols || !lines)
			snprintf(why, size, "the kernel was built without %s",
				 symbols ? "debug information" : "a symbol table");
	}
	elf_end(elf);
	if (fd >= 0)
		close(fd);
	return symbols && lines;
}

/* ---- what line that is ---- */

const char *crash_source(const char *path)
{
	static const char *const tops[] = {"arch/",    "block/", "certs/",    "crypto/", "drivers/", "fs/",
					   "include/", "init/",	 "io_uring/", "ipc/",	 "kernel/",  "lib/",
					   "mm/",      "net/",	 "security/", "sound/",	 "virt/"};
	const char *from = path;

	for (const char *p = path; (p = strstr(p, "/src/")); p += 4)
		from = p + 5;
	for (const char *p = from; p && *p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
		for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
			if (!strncmp(p, tops[i], strlen(tops[i])))
				return p;
	return from;
}

/* One line of addr2line: FILE:LINE, "??:0" where nothing is known. */
static bool place_known(const char *line)
{
	return *line && *line != '?' && !strstr(line, ":?");
}

/*
 * What addr2line -a -f -i prints: for each address "0x0000...", then for each function that is there a line
 * with its name and one with its place.
 */
static unsigned take_lines(char *text, const uint64_t *address, unsigned n, struct crash_place *place)
{
	char *save, *function = NULL;
	unsigned known = 0, at = n;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (!strncmp(l, "0x", 2)) {
			uint64_t a = strtoull(l, NULL, 16);

			for (at = at == n ? 0 : at + 1; at < n && address[at] != a; at++)
				;
			if (at == n)
				return known; /* it does not answer in order: nothing more is trusted */
			function = NULL;
		} else if (!function) {
			function = l;
		} else {
			l[strcspn(l, " ")] = 0; /* " (discriminator 3)" */
			if (at < n && place_known(l)) {
				known += !place[at].lines.n;
				text_safe(&place[at].lines, function, strlen(function));
				buf_puts(&place[at].lines, " ");
				text_safe(&place[at].lines, crash_source(l), strlen(crash_source(l)));
				buf_puts(&place[at].lines, "\n");
			}
			function = NULL;
		}
	}
	return known;
}

unsigned crash_lines(const char *elf, const uint64_t *address, unsigned n, struct crash_place *place,
		     char *why, size_t size)
{
	enum { FIXED = 6 };
	const char *const first[FIXED] = {"addr2line", "-a", "-f", "-i", "-e", elf};
	const char **argv = calloc(n + FIXED + 1, sizeof(*argv));
	char(*hex)[20] = calloc(n, sizeof(*hex));
	struct buf out = {0};
	unsigned known = 0;
	int ret = -ENOMEM;

	*why = 0;
	if (argv && hex) {
		memcpy(argv, first, sizeof(first));
		for (unsigned i = 0; i < n; i++) {
			snprintf(hex[i], sizeof(hex[i]), "0x%" PRIx64, address[i]);
			argv[FIXED + i] = hex[i];
		}
		ret = run_program(argv, &out);
	}
	if (ret || out.failed)
		snprintf(why, size, "addr2line %s: apt-get install --no-install-recommends binutils",
			 ret < 0 ? "cannot be run" : "failed");
	else if (out.n)
		known = take_lines(out.p, address, n, place);
	buf_fini(&out);
	free(argv);
	free(hex);
	return known;
}

unsigned crash_places(const struct crash_report *r, const char *elf, struct crash_place *place, char *why,
		      size_t size)
{
	uint64_t address[CRASH_FRAMES] = {0};
	unsigned known;

	*why = 0;
	if (!r->n_frames || !find_addresses(r, elf, address, why, size))
		return 0;
	known = crash_lines(elf, address, r->n_frames, place, why, size);
	for (unsigned i = 0; i < r->n_frames; i++)
		if (!address[i])
			buf_reset(&place[i].lines);
	return known;
}

void crash_places_fini(struct crash_place *place)
{
	for (unsigned i = 0; i < CRASH_FRAMES; i++)
		buf_fini(&place[i].lines);
}

void crash_annotate(const struct crash_report *r, const struct crash_place *place, struct buf *out)
{
	unsigned line = 0;

	for (const char *p = buf_str(&r->text), *stop; *p; p = stop + 1, line++) {
		stop = strchr(p, '\n');
		if (!stop)
			break;
		buf_add(out, p, (size_t)(stop - p) + 1);
		for (unsigned i = 0; i < r->n_frames; i++)
			for (const char *q = r->frame[i].line == line ? buf_str(&place[i].lines) : ""; *q;
			     q += strcspn(q, "\n") + 1)
				buf_printf(out, "        %.*s\n", (int)strcspn(q, "\n"), q);
	}
}
