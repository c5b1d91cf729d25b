/* SPDX-License-Identifier: MIT */
#include "debuginfo.h"

#include <archive.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "apt.h"
#include "cache.h"
#include "catalog.h"
#include "deb.h"
#include "files.h"

#define MOST (2ull << 30) /* bytes of a vmlinux; Debian's have half a GB */
#define NAME "vmlinux.debug"

struct getting {
	const struct kernel_image *im;
	const char *path; /* of the file that is made */
	bool quiet;
	char *why;
	size_t n;
};

static enum image_status __attribute__((format(printf, 3, 4)))
end(struct getting *g, enum image_status status, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(g->why, g->n, format, ap);
	va_end(ap);
	return status;
}

/* One file of a package to a file of ours. */
static int copy_out(struct archive *a, void *arg)
{
	const char *to = arg;
	int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644), ret = 0;
	static char piece[1 << 17];
	unsigned long long sum = 0;
	ssize_t got = 0;

	if (fd < 0)
		return -errno;
	while (!ret && (got = archive_read_data(a, piece, sizeof(piece))) > 0) {
		sum += (unsigned long long)got;
		if (sum > MOST)
			ret = -EFBIG;
		for (ssize_t at = 0; !ret && at < got;) {
			ssize_t done = write(fd, piece + at, (size_t)(got - at));

			if (done < 0 && errno != EINTR)
				ret = -errno;
			at += done > 0 ? done : 0;
		}
	}
	if (got < 0 && !ret)
		ret = -EBADMSG;
	if (close(fd) && !ret)
		ret = -errno;
	return ret;
}

/* Its place in the package has moved. */
static enum image_status unpack(struct getting *g, const char *deb)
{
	static const char *const places[][2] = {{"usr/lib/debug/lib/modules/", "/vmlinux"},
						{"usr/lib/debug/usr/lib/modules/", "/vmlinux"},
						{"usr/lib/debug/boot/vmlinux-", ""}};
	char tmp[PATH_MAX], why[512] = "";
	int ret = -ENOENT;

	if (snprintf(tmp, sizeof(tmp), "%s.tmp", g->path) >= (int)sizeof(tmp))
		return end(g, IMAGE_ERROR, "%s: the name is too long", g->path);
	for (size_t i = 0; ret == -ENOENT && i < sizeof(places) / sizeof(places[0]); i++) {
		struct deb_kernel k = {0};
		char prefix[160];

		snprintf(prefix, sizeof(prefix), "%s%s%s", places[i][0], g->im->release, places[i][1]);
		*why = 0;
		ret = deb_file(deb, prefix, copy_out, tmp, &k, why, sizeof(why));
		if (!ret && *g->im->version && strcmp(k.version, g->im->version) != 0) {
			snprintf(why, sizeof(why), "expected version %.90s, found %.90s", g->im->version,
				 k.version);
			ret = -EBADMSG;
		}
	}
	if (!ret && rename(tmp, g->path))
		ret = -errno;
	if (!ret)
		return IMAGE_OK;
	unlink(tmp);
	return end(g, IMAGE_ERROR, "%s: %s", deb, *why ? why : strerror(-ret));
}

/* A package at hand, in the folder of a deb: name. */
static bool at_hand(const struct getting *g, char out[PATH_MAX])
{
	char prefix[128];
	DIR *d = opendir(g->im->spec + strlen("deb:"));
	struct dirent *e;
	bool found = false;

	snprintf(prefix, sizeof(prefix), "linux-image-%s-dbg", g->im->release);
	while (d && !found && (e = readdir(d))) {
		size_t n = strlen(e->d_name);

		found = !strncmp(e->d_name, prefix, strlen(prefix)) && n > 4 &&
			!strcmp(e->d_name + n - 4, ".deb") &&
			snprintf(out, PATH_MAX, "%s/%s", g->im->spec + strlen("deb:"), e->d_name) < PATH_MAX;
	}
	if (d)
		closedir(d);
	return found;
}

static enum image_status download(struct getting *g, struct apt *apt, const struct package *p)
{
	char deb[PATH_MAX], why[512] = "";
	enum image_status status;
	struct statvfs fs;
	enum apt_end e;

	if (snprintf(deb, sizeof(deb), "%s.deb", g->path) >= (int)sizeof(deb))
		return end(g, IMAGE_ERROR, "%s: the name is too long", g->path);
	*strrchr(deb, '/') = 0;
	if (!statvfs(deb, &fs) && (uint64_t)fs.f_bavail * fs.f_frsize < 3 * p->size)
		return end(g, IMAGE_ERROR, "expected %llu MB of free space for %s in %s, found %llu",
			   3 * (unsigned long long)p->size / 1000000, p->name, deb,
			   (unsigned long long)fs.f_bavail * fs.f_frsize / 1000000);
	deb[strlen(deb)] = '/';
	if (!g->quiet)
		fprintf(stderr,
			"hookdiff: fetching the debug information of Linux %s, %llu MB, of which "
			"the kernel is kept\n",
			p->version, (unsigned long long)p->size / 1000000);
	e = apt_fetch(apt, p, deb, why, sizeof(why));
	status = e ? end(g, e == APT_SKIP ? IMAGE_SKIP : IMAGE_ERROR, "%s: %s", g->im->spec, why)
		   : unpack(g, deb);
	unlink(deb);
	return status;
}

static enum image_status from_archive(struct getting *g)
{
	char dir[PATH_MAX], why[512] = "";
	const struct package *p;
	enum image_status status;
	struct apt apt;

	if (cache_dir(dir, sizeof(dir) - 8, g->why, g->n))
		return IMAGE_ERROR;
	strcat(dir, "/apt");
	if (apt_open(&apt, dir, why, sizeof(why)))
		return end(g, IMAGE_ERROR, "%s", why);
	p = listing_debug(&apt.lists, g->im->release, g->im->version);
	if (!p && time(NULL) - apt.when > LISTS_LAST) {
		apt_update(&apt, g->quiet, why, sizeof(why));
		p = listing_debug(&apt.lists, g->im->release, g->im->version);
	}
	status = p ? download(g, &apt, p)
		   : end(g, IMAGE_SKIP,
			 "%s: expected the package linux-image-%s-dbg %s in the archive, found none%s%s; a "
			 "newer "
			 "version may have one",
			 g->im->spec, g->im->release, g->im->version, *why ? ": " : "", why);
	apt_close(&apt);
	return status;
}

enum image_status debuginfo_get(const struct kernel_image *im, char path[PATH_MAX], bool quiet, char *why,
				size_t n)
{
	struct getting g = {.im = im, .path = path, .quiet = quiet, .why = why, .n = n};
	bool deb = !strncmp(im->spec, "deb:", 4);
	char package[PATH_MAX], lock_path[PATH_MAX + 8];
	enum image_status status;
	int lock;

	*why = 0;
	snprintf(path, PATH_MAX, "%s", im->boot);
	if (!deb && strncmp(im->spec, "debian:", 7) != 0)
		return IMAGE_OK;
	strrchr(path, '/')[1] = 0;
	if (strlen(path) + strlen(NAME) + 8 > PATH_MAX)
		return end(&g, IMAGE_ERROR, "%s: the name is too long", path);
	strcat(path, NAME);
	if (!access(path, R_OK))
		return IMAGE_OK;
	snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
	lock = file_lock(lock_path,
			 quiet ? NULL : "another hookdiff that fetches the same debug information");
	if (lock < 0)
		return end(&g, IMAGE_ERROR, "%s: %s", lock_path, strerror(-lock));
	if (!access(path, R_OK))
		status = IMAGE_OK; /* the other one has made it */
	else if (!deb)
		status = from_archive(&g);
	else if (at_hand(&g, package))
		status = unpack(&g, package);
	else
		status = end(&g, IMAGE_SKIP,
			     "%s: expected a package linux-image-%s-dbg_*.deb in the folder, found none",
			     im->spec, im->release);
	close(lock);
	return status;
}
