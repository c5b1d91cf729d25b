/* SPDX-License-Identifier: MIT */
/*
 * harness/kernels without a network: packages and images that are made here, whole and hostile, and what a
 * kill or a second process may do to the cache. What stands in lists is in test_kernel_lists.c.
 * `test_kernels make FILE PACKAGE VERSION RELEASE [image] [modules] [config]` (or debug, alone) writes a
 * package for tests/kernel.sh.
 */
#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/base/buf.h"
#include "harness/base/rng.h"
#include "harness/kernels/bzimage.h"
#include "harness/kernels/deb.h"
#include "harness/kernels/debuginfo.h"
#include "harness/kernels/image.h"
#include "harness/kernels/moddep.h"
#include "scratch.h"

/* ---- images ---- */

enum packing { GZIP, XZ, LZ4_LEGACY, ZSTD, BZIP2, LZMA, STORED, PACKINGS };

#define RELEASE "6.99.1+deb13-cloud-amd64"

/* An ELF file with the one note that matters, a banner, and bytes that do not compress away. */
static void make_vmlinux(struct buf *out, const char *release, bool pvh)
{
	Elf64_Ehdr h = {.e_type = ET_EXEC,
			.e_machine = EM_X86_64,
			.e_phoff = sizeof(h),
			.e_phnum = 1,
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_ehsize = sizeof(h)};
	Elf64_Phdr p = {.p_type = PT_NOTE, .p_offset = sizeof(h) + sizeof(p), .p_filesz = 40};
	const uint32_t notes[] = {4, 4, 6, 0x006e6558, 0, 4, 4, pvh ? 18 : 17, 0x006e6558, 0x1000000};
	struct rng r;

	memcpy(h.e_ident, ELFMAG, SELFMAG);
	h.e_ident[EI_CLASS] = ELFCLASS64;
	h.e_ident[EI_DATA] = ELFDATA2LSB;
	buf_add(out, &h, sizeof(h));
	buf_add(out, &p, sizeof(p));
	buf_add(out, notes, sizeof(notes));
	buf_puts(out, "Linux version %s (%s)");
	buf_printf(out, "Linux version %s (me@here) #1 SMP\n", release);
	rng_seed(&r, 3, 3);
	for (int i = 0; i < 20000; i++) {
		uint32_t word = i % 3 ? rng_u32(&r) : 0;

		buf_add(out, &word, sizeof(word));
	}
}

static void pack(struct buf *out, const struct buf *in, enum packing how)
{
	size_t cap = in->n * 2 + 65536, used = 0;
	struct archive_entry *e;
	struct archive *a;
	uint8_t *to;

	if (how == STORED) {
		buf_add(out, in->p, in->n);
		return;
	}
	if (how ==
	    LZ4_LEGACY) { /* as the kernel has it: a magic, then blocks; here a single one of literals only */
		struct buf block = {0};
		uint32_t n = (uint32_t)in->n, magic = 0x184c2102, size;

		buf_add(&block, "\xf0", 1);
		for (n -= 15; n >= 255; n -= 255)
			buf_add(&block, "\xff", 1);
		buf_add(&block, &(uint8_t){(uint8_t)n}, 1);
		buf_add(&block, in->p, in->n);
		size = (uint32_t)block.n;
		buf_add(out, &magic, 4);
		buf_add(out, &size, 4);
		buf_add(out, block.p, block.n);
		buf_fini(&block);
		return;
	}
	to = malloc(cap);
	a = archive_write_new();
	archive_write_set_format_raw(a);
	switch (how) {
	case GZIP:
		archive_write_add_filter_gzip(a);
		break;
	case XZ:
		archive_write_add_filter_xz(a);
		break;
	case ZSTD:
		archive_write_add_filter_zstd(a);
		break;
	case BZIP2:
		archive_write_add_filter_bzip2(a);
		break;
	default:
		archive_write_add_filter_lzma(a);
		break;
	}
	archive_write_set_bytes_per_block(a, 1);
	archive_write_set_bytes_in_last_block(a, 1);
	assert_int_equal(archive_write_open_memory(a, to, cap, &used), ARCHIVE_OK);
	e = archive_entry_new();
	archive_entry_set_pathname(e, "x");
	archive_entry_set_filetype(e, AE_IFREG);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, in->p, in->n), in->n);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	archive_entry_free(e);
	buf_add(out, to, used);
	free(to);
}

static void set32(struct buf *b, size_t offset, uint32_t value)
{
	memcpy(b->p + offset, &value, 4);
}

/* A boot sector, one sector of setup, and the payload behind 16 bytes that stand for the unpacker's code. */
static void make_bzimage(struct buf *out, const char *release, const struct buf *vmlinux, enum packing how)
{
	static const char zeros[1024];
	struct buf payload = {0};
	uint32_t size = (uint32_t)vmlinux->n;

	buf_add(out, zeros, sizeof(zeros));
	out->p[0x1f1] = 1;
	memcpy(out->p + 0x1fe, "\x55\xaa", 2);
	memcpy(out->p + 0x202, "HdrS\x0f\x02", 6);
	out->p[0x20e] = 0x00;
	out->p[0x20f] = 0x01; /* at 0x300 */
	snprintf(out->p + 0x300, 200, "%s (me@here) #1 SMP", release);
	pack(&payload, vmlinux, how);
	if (how != GZIP)
		buf_add(&payload, &size, 4);
	set32(out, 0x248, 16);
	set32(out, 0x24c, (uint32_t)payload.n);
	buf_add(out, zeros, 16);
	buf_add(out, payload.p, payload.n);
	buf_add(out, "trailing bytes, a signature for example", 39);
	buf_fini(&payload);
}

static void image_of_each_compression(void **state)
{
	struct buf vmlinux = {0}, got = {0}, image = {0};
	enum kernel_form form;
	char release[65], why[256];

	make_vmlinux(&vmlinux, RELEASE, true);
	for (int how = 0; how < PACKINGS; how++) {
		buf_reset(&image);
		buf_reset(&got);
		make_bzimage(&image, RELEASE, &vmlinux, how);
		put(at("bz"), image.p, image.n);
		assert_int_equal(kernel_identify(at("bz"), &form, release, sizeof(release)), 0);
		assert_int_equal(form, KERNEL_BZIMAGE);
		assert_string_equal(release, RELEASE);
		unlink(at("vmlinux"));
		if (bzimage_extract(at("bz"), at("vmlinux"), why, sizeof(why)))
			fail_msg("packing %d: %s", how, why);
		assert_int_equal(file_read(at("vmlinux"), &got), 0);
		assert_int_equal(got.n, vmlinux.n);
		assert_memory_equal(got.p, vmlinux.p, got.n);
		assert_int_equal(kernel_identify(at("vmlinux"), &form, release, sizeof(release)), 0);
		assert_int_equal(form, KERNEL_VMLINUX);
		assert_string_equal(release, RELEASE);
		/* An existing file is never written over. */
		assert_int_equal(bzimage_extract(at("bz"), at("vmlinux"), why, sizeof(why)), -EEXIST);
	}
	buf_reset(&got);
	make_vmlinux(&got, RELEASE, false);
	put(at("nopvh"), got.p, got.n);
	assert_int_equal(kernel_identify(at("nopvh"), &form, release, sizeof(release)), 0);
	assert_int_equal(form, KERNEL_ELF);
	put(at("text"), "hello", 5);
	assert_int_equal(kernel_identify(at("text"), &form, release, sizeof(release)), 0);
	assert_int_equal(form, KERNEL_NONE);
	assert_int_equal(kernel_identify(at("absent"), &form, release, sizeof(release)), -ENOENT);
	buf_fini(&vmlinux);
	buf_fini(&image);
	buf_fini(&got);
}

/* Extraction fails with -EBADMSG or the like, words, and no file. */
static void refused(const struct buf *image, int error, const char *words)
{
	char why[256] = "";
	int ret;

	put(at("bad"), image->p, image->n);
	unlink(at("out"));
	ret = bzimage_extract(at("bad"), at("out"), why, sizeof(why));
	if (ret != error || !strstr(why, words))
		fail_msg("want %d and '%s', got %d and '%s'", error, words, ret, why);
	assert_int_equal(access(at("out"), F_OK), -1);
}

static void damaged_images(void **state)
{
	struct buf vmlinux = {0}, image = {0}, copy = {0};
	char why[256], release[65];
	enum kernel_form form;
	size_t payload_end;
	struct rng r;

	make_vmlinux(&vmlinux, RELEASE, true);
	for (int how = 0; how < PACKINGS; how++) {
		uint32_t length;

		buf_reset(&image);
		make_bzimage(&image, RELEASE, &vmlinux, how);
		memcpy(&length, image.p + 0x24c, 4);
		payload_end = 1024 + 16 + length;

#define FRESH() (buf_reset(&copy), buf_add(&copy, image.p, image.n))
		FRESH();
		set32(&copy, payload_end - 4, (uint32_t)vmlinux.n - 1);
		refused(&copy, -EBADMSG, "damaged");
		FRESH();
		set32(&copy, payload_end - 4, (uint32_t)vmlinux.n + 1);
		refused(&copy, -EBADMSG, "damaged");
		FRESH();
		set32(&copy, payload_end - 4, 0x7fffffff);
		refused(&copy, -EBADMSG, "more than a GiB");
		FRESH();
		set32(&copy, 0x24c, length + 1000);
		refused(&copy, -EBADMSG, "outside");
		FRESH();
		set32(&copy, 0x248, 0xfffffff0);
		refused(&copy, -EBADMSG, "outside");
		FRESH();
		set32(&copy, 0x24c, 3);
		refused(&copy, -EBADMSG, "outside");
		FRESH();
		copy.n = payload_end - length / 2;
		refused(&copy, -EBADMSG, "outside");
	}
	FRESH();
	memcpy(copy.p + 1024 + 16, "\x11\x22\x33\x44", 4);
	refused(&copy, -ENOTSUP, "found bytes 11 22 33 44");
	FRESH();
	copy.p[0x206] = 7;
	refused(&copy, -EBADMSG, "2.08");
	copy.n = 0x210;
	refused(&copy, -EBADMSG, "expected a bzImage");

	/* Anything at all in the headers: no crash, and what comes out has the length that was promised. */
	rng_seed(&r, 5, 5);
	for (int i = 0; i < 400; i++) {
		buf_reset(&image);
		make_bzimage(&image, RELEASE, &vmlinux, i % PACKINGS);
		for (unsigned k = rng_below(&r, 4) + 1; k--;)
			image.p[k & 1 ? 0x1f0 + rng_below(&r, 0x60) : rng_below(&r, (uint32_t)image.n)] =
				(char)rng_u32(&r);
		put(at("bad"), image.p, image.n - rng_below(&r, 100));
		unlink(at("out"));
		kernel_identify(at("bad"), &form, release, sizeof(release));
		bzimage_extract(at("bad"), at("out"), why, sizeof(why));
		buf_reset(&copy);
		make_vmlinux(&copy, RELEASE, true);
		for (unsigned k = 0; k < 3; k++)
			copy.p[rng_below(&r, 200)] = (char)rng_u32(&r);
		put(at("bad"), copy.p, copy.n);
		kernel_identify(at("bad"), &form, release, sizeof(release));
	}
	buf_fini(&vmlinux);
	buf_fini(&image);
	buf_fini(&copy);
}

/* ---- packages ---- */

struct member {
	const char *path;
	const void *data;
	size_t n;
	const char *symlink, *hardlink;
	int64_t claimed; /* size in the header, where it is not n */
};

static void make_tar(struct buf *out, const struct member *m, size_t count, enum packing how)
{
	size_t cap = 1 << 22, used = 0;
	struct archive *a = archive_write_new();
	struct buf raw = {0};
	uint8_t *to;

	for (size_t i = 0; i < count; i++)
		cap += m[i].n * 2;
	to = malloc(cap);
	archive_write_set_format_gnutar(a);
	assert_int_equal(archive_write_open_memory(a, to, cap, &used), ARCHIVE_OK);
	for (size_t i = 0; i < count; i++) {
		struct archive_entry *e = archive_entry_new();

		archive_entry_set_pathname(e, m[i].path);
		archive_entry_set_mode(e, m[i].symlink ? AE_IFLNK | 0777 : AE_IFREG | 0644);
		if (m[i].symlink)
			archive_entry_set_symlink(e, m[i].symlink);
		if (m[i].hardlink)
			archive_entry_set_hardlink(e, m[i].hardlink);
		archive_entry_set_size(e, m[i].claimed ? m[i].claimed : (int64_t)m[i].n);
		assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
		if (m[i].n)
			archive_write_data(a, m[i].data, m[i].n);
		archive_entry_free(e);
		if (m[i].claimed) /* the rest of it is never written */
			break;
	}
	archive_write_free(a);
	buf_add(&raw, to, used);
	free(to);
	pack(out, &raw, how);
	buf_fini(&raw);
}

/* A package as dpkg-deb makes them. control NULL: without one. */
static void make_deb(const char *path, const char *control, const struct member *m, size_t count,
		     enum packing how)
{
	static const char *const suffix[PACKINGS] = {".gz", ".xz", "", ".zst", ".bz2", ".lzma", ""};
	struct archive *a = archive_write_new();
	struct member c = {.path = "./control", .data = control, .n = control ? strlen(control) : 0};
	struct buf parts[3] = {{0}};
	char names[3][32] = {"debian-binary"};

	snprintf(names[1], sizeof(names[1]), "control.tar%s", suffix[how]);
	snprintf(names[2], sizeof(names[2]), "data.tar%s", suffix[how]);
	buf_puts(&parts[0], "2.0\n");
	if (control)
		make_tar(&parts[1], &c, 1, how);
	make_tar(&parts[2], m, count, how);
	archive_write_set_format_ar_bsd(a);
	assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
	for (int i = 0; i < 3; i++) {
		struct archive_entry *e = archive_entry_new();

		if (i == 1 && !control) {
			archive_entry_free(e);
			continue;
		}
		archive_entry_set_pathname(e, names[i]);
		archive_entry_set_mode(e, AE_IFREG | 0644);
		archive_entry_set_size(e, (int64_t)parts[i].n);
		assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
		assert_int_equal(archive_write_data(a, parts[i].p, parts[i].n), parts[i].n);
		archive_entry_free(e);
	}
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	for (int i = 0; i < 3; i++)
		buf_fini(&parts[i]);
}

static const char control[] =
	"Package: linux-image-" RELEASE "\nVersion: 6.99.1-1\nArchitecture: amd64\nDescription: x\n y\n";

static char module_a[] = "\177ELF\0license=GPL\0depends=b-c,d\0intree=Y",
	    module_b[] = "\177ELF\0depends=d\0x", module_d[] = "\177ELF\0depends=\0x",
	    module_e[] = "\177ELF\0depends=gone\0x";

#define MODULES "./lib/modules/" RELEASE "/"

static const struct member modules[] = {
	{MODULES "kernel/net/a.ko", module_a, sizeof(module_a), 0, 0, 0},
	{MODULES "kernel/net/b_c.ko", module_b, sizeof(module_b), 0, 0, 0},
	{MODULES "kernel/lib/d.ko", module_d, sizeof(module_d), 0, 0, 0},
	{MODULES "kernel/net/e.ko", module_e, sizeof(module_e), 0, 0, 0},
	{MODULES "kernel/drivers/gpu/big.ko", module_d, sizeof(module_d), 0, 0, 0},
	{MODULES "modules.builtin", "x\n", 2, 0, 0, 0},
};

static void fresh_dir(const char *path)
{
	assert_int_equal(dir_remove(path), 0);
	assert_int_equal(dir_make(path), 0);
}

static void package_is_unpacked(void **state)
{
	struct buf got = {0};
	char why[256];

	for (int how = 0; how < PACKINGS; how++) {
		struct deb_kernel k = {0};
		struct member m[COUNT(modules) + 4];

		if (how == LZ4_LEGACY)
			continue; /* no package has it */
		memcpy(m, modules, sizeof(modules));
		m[COUNT(modules)] = (struct member){"./boot/vmlinuz-" RELEASE, "image", 5, 0, 0, 0};
		m[COUNT(modules) + 1] =
			(struct member){"./boot/config-" RELEASE, "CONFIG_BPF=y\n", 13, 0, 0, 0};
		m[COUNT(modules) + 2] = (struct member){"./usr/share/doc/x", "doc", 3, 0, 0, 0};
		m[COUNT(modules) + 3] =
			(struct member){"./lib/modules/" RELEASE "/build", NULL, 0, "/usr/src/x", 0, 0};
		make_deb(at("a.deb"), control, m, COUNT(m), how);
		fresh_dir(at("u"));
		if (deb_unpack(at("a.deb"), at("u"), &k, why, sizeof(why)))
			fail_msg("packing %d: %s", how, why);
		assert_string_equal(k.package, "linux-image-" RELEASE);
		assert_string_equal(k.version, "6.99.1-1");
		assert_string_equal(k.architecture, "amd64");
		assert_string_equal(k.release, RELEASE);
		assert_true(k.image);
		assert_int_equal(k.modules, 4);
		buf_reset(&got);
		assert_int_equal(file_read(at("u/vmlinuz"), &got), 0);
		assert_string_equal(buf_str(&got), "image");
		assert_int_equal(access(at("u/config"), F_OK), 0);
		assert_int_equal(access(at("u/lib/modules/" RELEASE "/kernel/net/a.ko"), F_OK), 0);
		assert_int_equal(access(at("u/lib/modules/" RELEASE "/kernel/drivers"), F_OK), -1);
		assert_int_equal(access(at("u/usr"), F_OK), -1);

		memset(&k, 0, sizeof(k));
		assert_int_equal(deb_control(at("a.deb"), &k, why, sizeof(why)), 0);
		assert_string_equal(k.version, "6.99.1-1");
		assert_false(k.image);
	}
	buf_reset(&got);
	assert_int_equal(moddep_write(at("u/lib/modules/" RELEASE), why, sizeof(why)), 0);
	assert_int_equal(file_read(at("u/lib/modules/" RELEASE "/modules.dep"), &got), 0);
	/* b_c needs d, so d is loaded first: it stands last. e cannot be loaded. */
	assert_string_equal(buf_str(&got), "kernel/net/a.ko: kernel/net/b_c.ko kernel/lib/d.ko\n"
					   "kernel/net/b_c.ko: kernel/lib/d.ko\n"
					   "kernel/lib/d.ko:\n");
	buf_fini(&got);
}

static void hostile(const struct member *m, size_t count, int error, const char *words)
{
	struct deb_kernel k = {0};
	char why[256] = "";
	int ret;

	make_deb(at("h.deb"), control, m, count, ZSTD);
	fresh_dir(at("jail"));
	fresh_dir(at("jail/in"));
	ret = deb_unpack(at("h.deb"), at("jail/in"), &k, why, sizeof(why));
	if (ret != error || !strstr(why, words))
		fail_msg("%s: want %d and '%s', got %d and '%s'", m->path, error, words, ret, why);
	/* Nothing beside the folder, and no link in it. */
	assert_int_equal(access(at("jail/evil"), F_OK), -1);
	assert_int_equal(access("/tmp/hookdiff-evil", F_OK), -1);
}

#define ONE(...) (const struct member[]){{__VA_ARGS__, 0}}, 1

static void hostile_packages(void **state)
{
	struct deb_kernel k = {0};
	struct member two[2] = {{"./boot/vmlinuz-" RELEASE, "x", 1, 0, 0, 0}};
	struct buf image = {0};
	char why[256];

	hostile(ONE("../evil", "x", 1, 0, 0), -EBADMSG, "leaves its folder");
	hostile(ONE("/tmp/hookdiff-evil", "x", 1, 0, 0), -EBADMSG, "leaves its folder");
	hostile(ONE("./boot/../../evil", "x", 1, 0, 0), -EBADMSG, "leaves its folder");
	hostile(ONE("./lib/modules/" RELEASE "/kernel/net/../../../../../evil", "x", 1, 0, 0), -EBADMSG,
		"leaves");
	hostile(ONE("boot//vmlinuz-" RELEASE, "x", 1, 0, 0), -EBADMSG, "leaves its folder");
	hostile(ONE("./lib/modules/../vmlinuz", "x", 1, 0, 0), -EBADMSG, "leaves its folder");
	hostile(ONE("./lib/modules/.hidden/vmlinuz", "x", 1, 0, 0), -EBADMSG, "no kernel release");
	hostile(ONE("./boot/vmlinuz-6 $(x)", "x", 1, 0, 0), -EBADMSG, "no kernel release");
	hostile(ONE("./boot/vmlinuz-" RELEASE, NULL, 0, "/etc/shadow", 0), -EBADMSG, "link");
	hostile(ONE("./boot/vmlinuz-" RELEASE, NULL, 0, 0, "/etc/shadow"), -EBADMSG, "link");
	hostile((const struct member[]){{"./boot/vmlinuz-" RELEASE, "x", 1, 0, 0, 600ll << 20}}, 1, -EFBIG,
		"larger");

	two[1] = (struct member){"./lib/modules/" RELEASE "/vmlinuz", "x", 1, 0, 0, 0};
	hostile(two, 2, -EBADMSG, "there twice");
	two[1] = (struct member){"./boot/vmlinuz-6.99.2", "x", 1, 0, 0, 0};
	hostile(two, 2, -EBADMSG, "another kernel");

	/* A link that a later name goes through is not made, so the file lands in a folder of ours. */
	two[0] = (struct member){"./lib", NULL, 0, "/tmp", 0, 0};
	two[1] = (struct member){"./lib/modules/" RELEASE "/vmlinuz", "x", 1, 0, 0, 0};
	hostile(two, 2, 0, "");
	assert_int_equal(access(at("jail/in/vmlinuz"), F_OK), 0);

	make_deb(at("h.deb"), NULL, two, 2, XZ);
	assert_int_equal(deb_unpack(at("h.deb"), at("jail/in"), &k, why, sizeof(why)), -EBADMSG);
	make_deb(at("h.deb"), "Nothing: here\n", two, 2, XZ);
	assert_int_equal(deb_unpack(at("h.deb"), at("jail/in"), &k, why, sizeof(why)), -EBADMSG);
	put(at("h.deb"), "no package", 10);
	assert_int_equal(deb_unpack(at("h.deb"), at("jail/in"), &k, why, sizeof(why)), -EBADMSG);
	assert_true(deb_unpack(at("absent.deb"), at("jail/in"), &k, why, sizeof(why)) < 0);

	/* Cut anywhere, or with any byte changed: an error or a whole package, no crash. */
	make_deb(at("h.deb"), control, modules, COUNT(modules), XZ);
	assert_int_equal(file_read(at("h.deb"), &image), 0);
	for (size_t n = 0; n < image.n - 8; n += 1 + n / 40) {
		memset(&k, 0, sizeof(k));
		put(at("cut.deb"), image.p, n);
		fresh_dir(at("jail/in"));
		if (!deb_unpack(at("cut.deb"), at("jail/in"), &k, why, sizeof(why)))
			fail_msg("a package cut to %zu of %zu bytes was accepted", n, image.n);
	}
	for (size_t i = 0; i < image.n; i += 3) {
		char was = image.p[i];

		memset(&k, 0, sizeof(k));
		image.p[i] = (char)(was ^ 0x15);
		put(at("cut.deb"), image.p, image.n);
		fresh_dir(at("jail/in"));
		deb_unpack(at("cut.deb"), at("jail/in"), &k, why, sizeof(why));
		image.p[i] = was;
	}
	buf_fini(&image);
}

/* ---- image_get ---- */

static void make_kernel_deb(const char *path, const char *package, const char *version, const char *release,
			    bool image, bool with_modules, bool config)
{
	struct buf vmlinux = {0}, bz = {0};
	struct member m[COUNT(modules) + 3];
	char text[512], names[COUNT(modules) + 3][256];
	size_t n = 0;

	snprintf(text, sizeof(text), "Package: %s\nVersion: %s\nArchitecture: amd64\n", package, version);
	make_vmlinux(&vmlinux, release, true);
	make_bzimage(&bz, release, &vmlinux, ZSTD);
	snprintf(names[n], 256, "./usr/share/doc/%s", package);
	m[n] = (struct member){names[n], "x", 1, 0, 0, 0};
	n++;
	if (image) {
		snprintf(names[n], 256, "./boot/vmlinuz-%s", release);
		m[n] = (struct member){names[n], bz.p, bz.n, 0, 0, 0};
		n++;
	}
	if (config) {
		snprintf(names[n], 256, "./usr/lib/modules/%s/config", release);
		m[n] = (struct member){names[n], "CONFIG_BPF=y\n", 13, 0, 0, 0};
		n++;
	}
	for (size_t i = 0; with_modules && i < COUNT(modules); i++) {
		snprintf(names[n], 256, "./lib/modules/%s/%s", release, modules[i].path + strlen(MODULES));
		m[n] = modules[i];
		m[n].path = names[n];
		n++;
	}
	make_deb(path, text, m, n, XZ);
	buf_fini(&vmlinux);
	buf_fini(&bz);
}

/* A package with debug information: a file at the place that the package of a release has it. */
static void make_debug_deb(const char *path, const char *version, const char *release, const char *place)
{
	static const char bytes[] = "a vmlinux with debug information\n";
	char text[512], name[256];
	const struct member m[] = {{"./usr/lib/debug/.build-id/5e/x.debug", "x", 1, 0, 0, 0},
				   {name, bytes, sizeof(bytes) - 1, 0, 0, 0}};

	snprintf(text, sizeof(text), "Package: linux-image-%s-dbg\nVersion: %s\nArchitecture: amd64\n",
		 release, version);
	snprintf(name, sizeof(name), place, release);
	make_deb(path, text, m, COUNT(m), XZ);
}

#define DEBUG_PLACE "./usr/lib/debug/lib/modules/%s/vmlinux"

/* A cache of its own for each test. */
static void use_cache(const char *name)
{
	fresh_dir(at(name));
	setenv("XDG_CACHE_HOME", at(name), 1);
}

static void must_get(const char *spec, struct kernel_image *im)
{
	char why[512];

	if (image_get(spec, im, true, why, sizeof(why)))
		fail_msg("%s: %s", spec, why);
}

static void get_refused(const char *spec, enum image_status want, const char *words)
{
	struct kernel_image im;
	char why[512];
	enum image_status got = image_get(spec, &im, true, why, sizeof(why));

	if (got != want || !strstr(why, words))
		fail_msg("%s: want %d and '%s', got %d and '%s'", spec, want, words, got, why);
}

static void packages_at_hand(void **state)
{
	struct kernel_image im;
	struct buf got = {0}, want = {0};
	char spec[300];

	use_cache("c1");
	fresh_dir(at("debs"));
	snprintf(spec, sizeof(spec), "deb:%s", at("debs"));
	get_refused(spec, IMAGE_ERROR, "found none");
	make_kernel_deb(at("debs/linux-modules.deb"), "linux-modules-" RELEASE, "6.99.1-1", RELEASE, false,
			true, false);
	get_refused(spec, IMAGE_ERROR, "expected a package with boot/vmlinuz");
	make_kernel_deb(at("debs/linux-image.deb"), "linux-image-" RELEASE, "6.99.1-1", RELEASE, true, false,
			true);
	make_kernel_deb(at("debs/linux-image-dbg.deb"), "linux-image-dbg", "6.99.1-1", "7.0.0", true, false,
			true);
	must_get(spec, &im);
	assert_true(im.fetched);
	assert_string_equal(im.spec, spec);
	assert_string_equal(im.version, "6.99.1-1");
	assert_string_equal(im.release, RELEASE);
	assert_string_equal(im.boot + strlen(im.boot) - 8, "/vmlinux");
	make_vmlinux(&want, RELEASE, true);
	assert_int_equal(file_read(im.boot, &got), 0);
	assert_int_equal(got.n, want.n);
	assert_memory_equal(got.p, want.p, got.n);
	buf_reset(&got);
	buf_puts(&got, im.modules);
	buf_puts(&got, "/modules.dep");
	assert_int_equal(access(buf_str(&got), F_OK), 0);

	must_get(spec, &im);
	assert_false(im.fetched);
	/* A file of the cache that lost bytes is not believed. */
	assert_int_equal(truncate(im.boot, 100), 0);
	must_get(spec, &im);
	assert_true(im.fetched);

	/* Another content: made anew, and the former is gone. */
	buf_reset(&got);
	buf_puts(&got, im.boot);
	make_kernel_deb(at("debs/linux-image.deb"), "linux-image-" RELEASE, "6.99.1-2", RELEASE, true, true,
			true);
	get_refused(spec, IMAGE_ERROR, "there twice"); /* its modules are in both now */
	unlink(at("debs/linux-modules.deb"));
	must_get(spec, &im);
	assert_string_equal(im.version, "6.99.1-2");
	assert_int_equal(access(buf_str(&got), F_OK), -1);

	make_kernel_deb(at("debs/linux-image2.deb"), "linux-image-2", "6.99.2-1", "6.99.2", true, false,
			true);
	get_refused(spec, IMAGE_ERROR, "another kernel");
	buf_fini(&got);
	buf_fini(&want);
}

static void paths(void **state)
{
	struct buf vmlinux = {0}, bz = {0}, plain = {0};
	struct kernel_image im;

	make_vmlinux(&vmlinux, RELEASE, true);
	make_vmlinux(&plain, RELEASE, false);
	make_bzimage(&bz, RELEASE, &vmlinux, GZIP);
	fresh_dir(at("tree"));
	get_refused(at("tree"), IMAGE_ERROR, "expected a built tree");
	assert_int_equal(dir_make(at("tree/arch/x86/boot")), 0);
	put(at("tree/arch/x86/boot/bzImage"), bz.p, bz.n);
	put(at("tree/vmlinux"), plain.p, plain.n);
	must_get(at("tree"), &im); /* the vmlinux has no PVH note */
	assert_string_equal(im.boot, at("tree/arch/x86/boot/bzImage"));
	assert_string_equal(im.release, RELEASE);
	assert_string_equal(im.version, "");
	assert_string_equal(im.modules, "");
	assert_false(im.fetched);
	put(at("tree/vmlinux"), vmlinux.p, vmlinux.n);
	must_get(at("tree"), &im);
	assert_string_equal(im.boot, at("tree/vmlinux"));
	must_get(at("tree/vmlinux"), &im);
	must_get(at("tree/arch/x86/boot/bzImage"), &im);
	put(at("tree/vmlinux"), plain.p, plain.n);
	get_refused(at("tree/vmlinux"), IMAGE_ERROR, "PVH");
	get_refused(HD_SOURCE_DIR "/tests/test_kernels.c", IMAGE_ERROR, "found neither");
	get_refused("/dev/null", IMAGE_ERROR, "/dev/null");
	get_refused("debian:x", IMAGE_ERROR, "expected a series");
	buf_fini(&vmlinux);
	buf_fini(&plain);
	buf_fini(&bz);
}

static void two_at_once(void **state)
{
	struct kernel_image im;
	char spec[300];
	pid_t child[6];
	int fetched = 0;

	use_cache("c2");
	fresh_dir(at("debs2"));
	make_kernel_deb(at("debs2/linux-image.deb"), "linux-image-" RELEASE, "6.99.1-1", RELEASE, true, true,
			true);
	snprintf(spec, sizeof(spec), "deb:%s", at("debs2"));
	for (size_t i = 0; i < COUNT(child); i++) {
		child[i] = fork();
		if (!child[i]) {
			char why[512];

			_exit(image_get(spec, &im, true, why, sizeof(why)) ? 9 : im.fetched);
		}
	}
	for (size_t i = 0; i < COUNT(child); i++) {
		int status;

		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		fetched += WEXITSTATUS(status);
	}
	assert_int_equal(fetched, 1); /* the others waited and found it */
}

/* Killed at any moment, the next one finds nothing or a whole kernel, and leaves nothing half made. */
static void killed_half_way(void **state)
{
	struct buf got = {0}, want = {0};
	struct kernel_image im;
	unsigned killed = 0;
	char spec[300];

	fresh_dir(at("debs3"));
	make_kernel_deb(at("debs3/linux-image.deb"), "linux-image-" RELEASE, "6.99.1-1", RELEASE, true, true,
			true);
	snprintf(spec, sizeof(spec), "deb:%s", at("debs3"));
	make_vmlinux(&want, RELEASE, true);
	for (unsigned i = 0; i < 25; i++) {
		struct timespec nap = {.tv_nsec = (long)i * 600000};
		char command[400];
		int status;
		pid_t pid;

		use_cache("c3");
		pid = fork();
		if (!pid) {
			char why[512];

			_exit(image_get(spec, &im, true, why, sizeof(why)));
		}
		nanosleep(&nap, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		killed += WIFSIGNALED(status);
		must_get(spec, &im);
		buf_reset(&got);
		assert_int_equal(file_read(im.boot, &got), 0);
		assert_int_equal(got.n, want.n);
		assert_memory_equal(got.p, want.p, got.n);
		snprintf(command, sizeof(command), "! ls -d %s/hookdiff/kernels/*.tmp 2>/dev/null", at("c3"));
		assert_int_equal(system(command), 0);
	}
	assert_true(killed > 0);
	buf_fini(&got);
	buf_fini(&want);
}

static void debug_refused(const struct kernel_image *im, enum image_status status, const char *want)
{
	char path[PATH_MAX], why[512] = "";

	assert_int_equal(debuginfo_get(im, path, true, why, sizeof(why)), status);
	if (!strstr(why, want))
		fail_msg("want '%s', got '%s'", want, why);
}

static void debug_information(void **state)
{
	const char *deb = "debs/linux-image-" RELEASE "-dbg_6.99.1-1_amd64.deb";
	static const char *const places[] = {DEBUG_PLACE, "./usr/lib/debug/usr/lib/modules/%s/vmlinux",
					     "./usr/lib/debug/boot/vmlinux-%s"};
	struct kernel_image im, file = {.spec = "/boot/vmlinux", .boot = "/boot/vmlinux"};
	char spec[300], path[PATH_MAX], why[512];
	struct buf got = {0};

	(void)state;
	use_cache("c9");
	fresh_dir(at("debs"));
	snprintf(spec, sizeof(spec), "deb:%s", at("debs"));
	make_kernel_deb(at("debs/linux-image.deb"), "linux-image-" RELEASE, "6.99.1-1", RELEASE, true, false,
			true);
	must_get(spec, &im);
	debug_refused(&im, IMAGE_SKIP, "expected a package linux-image-" RELEASE "-dbg_*.deb");
	make_debug_deb(at(deb), "6.99.1-2", RELEASE, DEBUG_PLACE);
	debug_refused(&im, IMAGE_ERROR, "expected version 6.99.1-1, found 6.99.1-2");
	make_debug_deb(at(deb), "6.99.1-1", RELEASE, "./usr/lib/debug/%s/none");
	debug_refused(&im, IMAGE_ERROR, "found none");
	put(at(deb), "no package", 10);
	debug_refused(&im, IMAGE_ERROR, "archive format");
	for (size_t i = 0; i < COUNT(places); i++) {
		make_debug_deb(at(deb), "6.99.1-1", RELEASE, places[i]);
		if (debuginfo_get(&im, path, true, why, sizeof(why)))
			fail_msg("%s: %s", places[i], why);
		assert_string_equal(path + strlen(path) - 14, "/vmlinux.debug");
		buf_reset(&got);
		assert_int_equal(file_read(path, &got), 0);
		assert_string_equal(buf_str(&got), "a vmlinux with debug information\n");
		if (i + 1 < COUNT(places))
			unlink(path);
	}
	unlink(at(deb)); /* what is there is not asked for again */
	assert_int_equal(debuginfo_get(&im, path, true, why, sizeof(why)), IMAGE_OK);
	must_get(spec, &im); /* and it is no damage of the folder */
	assert_false(im.fetched);
	/* What is no package is its own file. */
	assert_int_equal(debuginfo_get(&file, path, true, why, sizeof(why)), IMAGE_OK);
	assert_string_equal(path, "/boot/vmlinux");
	buf_fini(&got);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(image_of_each_compression),
		cmocka_unit_test(damaged_images),
		cmocka_unit_test(package_is_unpacked),
		cmocka_unit_test(hostile_packages),
		cmocka_unit_test(packages_at_hand),
		cmocka_unit_test(debug_information),
		cmocka_unit_test(paths),
		cmocka_unit_test(two_at_once),
		cmocka_unit_test(killed_half_way),
	};

	if (argc == 7 && !strcmp(argv[1], "make") && !strcmp(argv[6], "debug")) {
		make_debug_deb(argv[2], argv[4], argv[5], DEBUG_PLACE);
		return 0;
	}
	if (argc > 5 && !strcmp(argv[1], "make")) {
		bool part[3] = {false};

		for (int i = 6; i < argc; i++)
			for (int k = 0; k < 3; k++)
				part[k] |=
					!strcmp(argv[i], (const char *[]){"image", "modules", "config"}[k]);
		make_kernel_deb(argv[2], argv[3], argv[4], argv[5], part[0], part[1], part[2]);
		return 0;
	}
	return cmocka_run_group_tests(tests, scratch_begin, scratch_finish);
}
