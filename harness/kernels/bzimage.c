/* SPDX-License-Identifier: MIT */
#include "bzimage.h"

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/buf.h"

enum {
	SETUP_SECTS = 0x1f1,
	BOOT_FLAG = 0x1fe,
	HEADER = 0x202, /* "HdrS" */
	HEADER_VERSION = 0x206,
	KERNEL_VERSION = 0x20e,
	PAYLOAD_OFFSET = 0x248, /* from 2.08 */
	PAYLOAD_LENGTH = 0x24c,
	HEADER_END = 0x250,
	PVH_NOTE = 18, /* XEN_ELFNOTE_PHYS32_ENTRY */
};
#define MOST_VMLINUX (1ull << 30)

struct map {
	const uint8_t *p;
	size_t n;
};

static int map_open(struct map *m, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), ret = 0;
	struct stat st;
	void *p;

	*m = (struct map){0};
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		ret = -errno;
	} else if (!S_ISREG(st.st_mode)) {
		ret = -EINVAL;
	} else if (st.st_size) {
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p == MAP_FAILED)
			ret = -errno;
		else
			*m = (struct map){p, (size_t)st.st_size};
	}
	close(fd);
	return ret;
}

static void map_close(struct map *m)
{
	if (m->p)
		munmap((void *)m->p, m->n);
}

/* Reads at an offset that may lie outside: zero then. */
static struct cursor at(const struct map *m, uint64_t offset)
{
	return offset < m->n ? cursor_make(m->p + offset, m->n - offset) : cursor_make(NULL, 0);
}

static uint16_t u16(const struct map *m, uint64_t offset)
{
	struct cursor c = at(m, offset);

	return cursor_u16(&c);
}

static uint32_t u32(const struct map *m, uint64_t offset)
{
	struct cursor c = at(m, offset);

	return cursor_u32(&c);
}

static bool is_bzimage(const struct map *m)
{
	return m->n >= HEADER_END && u16(m, BOOT_FLAG) == 0xaa55 && !memcmp(m->p + HEADER, "HdrS", 4);
}

static bool is_elf(const struct map *m)
{
	return m->n >= sizeof(Elf64_Ehdr) && !memcmp(m->p, ELFMAG, SELFMAG) && m->p[EI_CLASS] == ELFCLASS64 &&
	       u16(m, offsetof(Elf64_Ehdr, e_machine)) == EM_X86_64;
}

/* A note of one segment: is it the 32-bit entry point that PVH boots at? */
static bool pvh_in(const struct map *m, uint64_t offset, uint64_t size)
{
	struct cursor c = at(m, offset);

	if (cursor_remaining(&c) > size)
		c.end = c.p + size;
	while (cursor_remaining(&c) >= 12) {
		uint32_t name = cursor_u32(&c), desc = cursor_u32(&c), type = cursor_u32(&c);
		uint64_t whole = ((uint64_t)name + 3) / 4 * 4 + ((uint64_t)desc + 3) / 4 * 4;

		if (whole > cursor_remaining(&c))
			return false;
		if (type == PVH_NOTE && name == 4 && !memcmp(c.p, "Xen", 4))
			return true;
		c.p += whole;
	}
	return false;
}

static bool has_pvh(const struct map *m)
{
	Elf64_Ehdr h;

	memcpy(&h, m->p, sizeof(h));
	for (unsigned i = 0; i < h.e_phnum; i++) {
		struct cursor c = at(m, h.e_phoff + (uint64_t)i * sizeof(Elf64_Phdr));
		Elf64_Phdr p;

		cursor_bytes(&c, &p, sizeof(p));
		if (!c.over && p.p_type == PT_NOTE && pvh_in(m, p.p_offset, p.p_filesz))
			return true;
	}
	return false;
}

/* What it prints for --help and in /proc/cpuinfo (arch/um/kernel/um_arch.c). */
static bool is_uml(const struct map *m)
{
	static const char name[] = "User Mode Linux v%s";

	return memmem(m->p, m->n, name, sizeof(name) - 1) != NULL;
}

/* Copies the word at the cursor if it can be a release: "6.1.0-56-cloud-amd64". */
static bool take_release(struct cursor c, char *release, size_t n)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+~_-";
	size_t len = 0;

	while (len < cursor_remaining(&c) && c.p[len] && strchr(letters, c.p[len]))
		len++;
	if (!len || len >= n || len == cursor_remaining(&c) || *c.p < '0' || *c.p > '9')
		return false;
	memcpy(release, c.p, len);
	release[len] = 0;
	return true;
}

static void find_banner(const struct map *m, char *release, size_t n)
{
	static const char banner[] = "Linux version ";
	const uint8_t *p = m->p, *end = m->p + m->n;

	while ((p = memmem(p, (size_t)(end - p), banner, sizeof(banner) - 1))) {
		p += sizeof(banner) - 1;
		if (take_release(cursor_make(p, (size_t)(end - p)), release, n))
			return;
	}
}

int kernel_identify(const char *path, enum kernel_form *form, char *release, size_t n)
{
	struct map m;
	int ret = map_open(&m, path);

	*form = KERNEL_NONE;
	*release = 0;
	if (ret)
		return ret;
	if (is_bzimage(&m)) {
		*form = KERNEL_BZIMAGE;
		if (u16(&m, KERNEL_VERSION))
			take_release(at(&m, 0x200u + u16(&m, KERNEL_VERSION)), release, n);
	} else if (is_elf(&m)) {
		*form = has_pvh(&m) ? KERNEL_VMLINUX : is_uml(&m) ? KERNEL_UML : KERNEL_ELF;
		find_banner(&m, release, n);
	}
	map_close(&m);
	return 0;
}

static int write_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/* Uncompresses payload to fd; it must come to exactly `size` bytes. */
static int unpack(struct cursor payload, uint64_t size, int fd, char *why, size_t n)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	uint64_t done = 0;
	char piece[65536];
	int ret = -EBADMSG;
	ssize_t got;

	if (!a) {
		snprintf(why, n, "out of memory");
		return -ENOMEM;
	}
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_lzma(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_filter_lz4(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_format_raw(a);
	if (archive_read_open_memory(a, payload.p, cursor_remaining(&payload)) ||
	    archive_read_next_header(a, &entry)) {
		snprintf(why, n, "its payload cannot be unpacked: %s", archive_error_string(a));
		goto out;
	}
	if (archive_filter_count(a) < 2 && memcmp(payload.p, ELFMAG, SELFMAG)) {
		snprintf(why, n,
			 "expected a payload in gzip, xz, lz4, zstd, bzip2 or lzma, found bytes %02x %02x "
			 "%02x %02x",
			 payload.p[0], payload.p[1], payload.p[2], payload.p[3]);
		ret = -ENOTSUP;
		goto out;
	}
	while ((got = archive_read_data(a, piece, sizeof(piece))) > 0) {
		done += (uint64_t)got;
		if (done > size)
			break;
		ret = write_all(fd, piece, (size_t)got);
		if (ret) {
			snprintf(why, n, "writing its vmlinux: %s", strerror(-ret));
			goto out;
		}
	}
	ret = -EBADMSG;
	if (got < 0)
		snprintf(why, n, "its payload is damaged: %s", archive_error_string(a));
	else if (done != size)
		snprintf(why, n, "its payload is damaged: expected %llu bytes of vmlinux, found %s%llu",
			 (unsigned long long)size, done > size ? "at least " : "", (unsigned long long)done);
	else
		ret = 0;
out:
	archive_read_free(a);
	return ret;
}

int bzimage_extract(const char *path, const char *vmlinux, char *why, size_t n)
{
	uint64_t start, length, size;
	struct cursor payload;
	unsigned sectors;
	struct map m;
	int fd, ret = map_open(&m, path);

	if (ret) {
		snprintf(why, n, "%s", strerror(-ret));
		return ret;
	}
	ret = -EBADMSG;
	if (!is_bzimage(&m) || u16(&m, HEADER_VERSION) < 0x208) {
		snprintf(why, n, "expected a bzImage with boot protocol 2.08 or later");
		goto out;
	}
	sectors = m.p[SETUP_SECTS] ? m.p[SETUP_SECTS] : 4;
	start = (sectors + 1) * 512ull + u32(&m, PAYLOAD_OFFSET);
	length = u32(&m, PAYLOAD_LENGTH);
	if (length < 8 || start > m.n || length > m.n - start) {
		snprintf(why, n,
			 "its header puts the payload at %llu + %llu, outside of the %zu bytes of the file",
			 (unsigned long long)start, (unsigned long long)length, m.n);
		goto out;
	}
	/* The last four bytes are the size of the vmlinux: gzip's own trailer, appended by the build
	 * elsewhere. */
	size = u32(&m, start + length - 4);
	if (size > MOST_VMLINUX) {
		snprintf(why, n, "its vmlinux would be %llu bytes, more than a GiB",
			 (unsigned long long)size);
		goto out;
	}
	payload = cursor_make(m.p + start, length);
	if (payload.p[0] != 0x1f || payload.p[1] != 0x8b)
		payload.end -= 4;
	fd = open(vmlinux, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0) {
		ret = -errno;
		snprintf(why, n, "%s: %s", vmlinux, strerror(-ret));
		goto out;
	}
	ret = unpack(payload, size, fd, why, n);
	if (close(fd) && !ret) {
		ret = -errno;
		snprintf(why, n, "writing its vmlinux: %s", strerror(-ret));
	}
	if (ret)
		unlink(vmlinux);
out:
	map_close(&m);
	return ret;
}
