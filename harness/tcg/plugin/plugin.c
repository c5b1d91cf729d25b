/* SPDX-License-Identifier: MIT */
/*
 * hookdiff-tcg.so: QEMU loads it (-plugin) and it marks which instructions of given addresses the guest began
 * (../page.h). Its one argument is trace=FILE, the shared memory. Whatever is wrong with that file makes it
 * refuse to be installed, and QEMU then ends.
 *
 * No package of Debian's has QEMU's qemu-plugin.h, so the few functions that are used are declared here, as
 * https://www.qemu.org/docs/master/devel/tcg-plugins.html gives them. They are the same in every version of
 * that interface since its first; only the number that QEMU wants to hear differs, see choose_version().
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../page.h"

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info_t;
enum { CB_NO_REGS }; /* enum qemu_plugin_cb_flags */

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*cb)(uint64_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int vcpu, void *arg), int flags, void *arg);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

/* QEMU reads it after it has loaded us and before it calls anything. */
EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info_t *info, int argc, char **argv);

static struct trace_page *page;
static struct trace_range range[TRACE_RANGES]; /* copies: the host could change those of the page */
static uint32_t n_ranges;

/*
 * A QEMU wants a number between its lowest and its own. Each of these functions came with a version: the
 * newest one that this QEMU has tells how high we may go. 7.2 takes 0 and 1 only, 9.0 and later 2 and above.
 */
static void __attribute__((constructor)) choose_version(void)
{
	static const struct {
		const char *function;
		int version;
	} since[] = {{"qemu_plugin_scoreboard_new", 2},
		     {"qemu_plugin_read_memory_vaddr", 4},
		     {"qemu_plugin_write_memory_vaddr", 5},
		     {"qemu_plugin_set_pc", 6}};

	for (size_t i = 0; i < sizeof(since) / sizeof(since[0]); i++)
		if (dlsym(RTLD_DEFAULT, since[i].function))
			qemu_plugin_version = since[i].version;
}

static void on_insn(unsigned int vcpu, void *arg)
{
	(void)vcpu;
	*(volatile uint8_t *)arg = 1;
}

/* Most blocks are none of ours: they are translated as without a plugin. */
static void on_block(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		int64_t place = trace_place(range, n_ranges, qemu_plugin_insn_vaddr(insn));

		if (place >= 0)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_insn, CB_NO_REGS,
							       (uint8_t *)(page + 1) + place);
	}
}

static bool map(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat st;
	uint64_t bytes;

	if (fd < 0 || fstat(fd, &st) || st.st_size < (off_t)sizeof(*page)) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	page = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (page == MAP_FAILED)
		return false;
	n_ranges = page->n;
	if (memcmp(page->magic, TRACE_MAGIC, sizeof(page->magic)) != 0 || n_ranges > TRACE_RANGES)
		return false;
	memcpy(range, page->range, n_ranges * sizeof(range[0]));
	bytes = trace_bytes(range, n_ranges);
	return bytes && (uint64_t)st.st_size == sizeof(*page) + bytes;
}

EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info_t *info, int argc, char **argv)
{
	static const char option[] = "trace=";

	(void)info;
	if (argc != 1 || strncmp(argv[0], option, sizeof(option) - 1) != 0 ||
	    !map(argv[0] + sizeof(option) - 1)) {
		fprintf(stderr, "hookdiff-tcg: expected trace=FILE with a page of hookdiff's, found '%s'\n",
			argc > 0 ? argv[0] : "");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
	page->loaded = 1;
	return 0;
}
