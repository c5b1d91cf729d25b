/* SPDX-License-Identifier: MIT */
#include "image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "apt.h"
#include "bzimage.h"
#include "cache.h"
#include "catalog.h"
#include "deb.h"
#include "files.h"
#include "moddep.h"

enum { HOUR = 3600 };

struct job {
	const char *spec;
	struct kernel_image *im;
	bool quiet;
	char *why;
	size_t n;
	char cache[PATH_MAX - 512];
};

static enum image_status end(struct job *j, enum image_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static enum image_status end(struct job *j, enum image_status status, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(j->why, j->n, format, ap);
	va_end(ap);
	return status;
}

static void tell(struct job *j, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void tell(struct job *j, const char *format, ...)
{
	va_list ap;

	if (j->quiet)
		return;
	fputs("hookdiff: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* ---- a path ---- */

static bool bootable(enum kernel_form form, struct kernel_image *im)
{
	im->uml = form == KERNEL_UML;
	return form == KERNEL_BZIMAGE || form == KERNEL_VMLINUX || form == KERNEL_UML;
}

static enum image_status from_path(struct job *j)
{
	static const char *const in_tree[] = {"vmlinux", "linux", "arch/x86/boot/bzImage",
					      "arch/x86_64/boot/bzImage"};
	enum kernel_form form = KERNEL_NONE;
	struct kernel_image *im = j->im;
	struct stat st;
	int ret;

	if (stat(j->spec, &st))
		return end(j, IMAGE_ERROR, "%s: %s", j->spec, strerror(errno));
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return end(j, IMAGE_ERROR,
			   "%s: expected a bzImage, a vmlinux or a built tree, found neither file nor "
			   "folder",
			   j->spec);
	if (!S_ISDIR(st.st_mode)) {
		if (!realpath(j->spec, im->boot))
			return end(j, IMAGE_ERROR, "%s: %s", j->spec, strerror(errno));
		ret = kernel_identify(im->boot, &form, im->release, sizeof(im->release));
		if (ret)
			return end(j, IMAGE_ERROR, "%s: %s", j->spec, strerror(-ret));
		if (bootable(form, im))
			return IMAGE_OK;
		return end(
			j, IMAGE_ERROR,
			"%s: expected a bzImage, an x86-64 vmlinux that boots by PVH, or a User-Mode Linux, "
			"found %s",
			j->spec,
			form == KERNEL_ELF ? "an ELF file without the note of CONFIG_PVH" : "neither");
	}
	for (size_t i = 0; i < sizeof(in_tree) / sizeof(in_tree[0]); i++) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%s/%s", j->spec, in_tree[i]) >= (int)sizeof(path) ||
		    !realpath(path, im->boot))
			continue;
		if (!kernel_identify(im->boot, &form, im->release, sizeof(im->release)) && bootable(form, im))
			return IMAGE_OK;
	}
	*im->boot = 0;
	return end(j, IMAGE_ERROR,
		   "%s: expected a built tree, found no arch/x86/boot/bzImage or bootable vmlinux in it",
		   j->spec);
}

/* ---- making a folder of the cache ---- */

struct making {
	char final[PATH_MAX - 256], tmp[PATH_MAX - 128];
	struct cache_info info;
	int lock;
};

/* Takes the lock of a folder and starts an empty one beside it. *there: another process has just made it. */
static enum image_status make_begin(struct job *j, struct making *m, bool *there)
{
	char path[PATH_MAX];
	struct cache_info found;
	int ret;

	snprintf(m->final, sizeof(m->final), "%s/%s", j->cache, m->info.name);
	snprintf(m->tmp, sizeof(m->tmp), "%s.tmp", m->final);
	snprintf(path, sizeof(path), "%s.lock", m->final);
	m->lock = file_lock(path, j->quiet ? NULL : "another hookdiff that fetches the same kernel");
	if (m->lock < 0)
		return end(j, IMAGE_ERROR, "%s: %s", path, strerror(-m->lock));
	*there = cache_find(j->cache, m->info.name, &found);
	if (*there) {
		m->info = found;
		return IMAGE_OK;
	}
	/* What is left of one that was killed, and a folder that is no longer whole. */
	ret = dir_remove(m->tmp);
	if (!ret)
		ret = dir_remove(m->final);
	if (!ret)
		ret = dir_make(m->tmp);
	return ret ? end(j, IMAGE_ERROR, "%s: %s", m->tmp, strerror(-ret)) : IMAGE_OK;
}

/* Gives the folder its name, or removes it, and the lock with it. */
static enum image_status make_end(struct job *j, struct making *m, enum image_status status)
{
	if (status == IMAGE_OK) {
		int fd = open(m->tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		/* Everything on disk before the name: a crash must not leave a whole-looking half. */
		if (fd < 0 || syncfs(fd) || rename(m->tmp, m->final))
			status = end(j, IMAGE_ERROR, "%s: %s", m->final, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	if (status)
		dir_remove(m->tmp);
	close(m->lock);
	return status;
}

/* tmp/vmlinuz is there: unpacks it, finds out its release, writes info. */
static enum image_status make_boot(struct job *j, struct making *m, const struct deb_kernel *k)
{
	char vmlinuz[PATH_MAX], vmlinux[PATH_MAX], modules[PATH_MAX], why[256] = "";
	enum kernel_form form;
	struct stat st;
	int ret;

	snprintf(vmlinuz, sizeof(vmlinuz), "%s/vmlinuz", m->tmp);
	snprintf(vmlinux, sizeof(vmlinux), "%s/vmlinux", m->tmp);
	snprintf(m->info.release, sizeof(m->info.release), "%s", k->release);
	ret = kernel_identify(vmlinuz, &form, m->info.release, sizeof(m->info.release));
	if (ret || form != KERNEL_BZIMAGE)
		return end(j, IMAGE_ERROR, "%s: expected a bzImage in the package, found %s", j->spec,
			   ret ? strerror(-ret) : "something else");
	if (strcmp(m->info.release, k->release))
		return end(j, IMAGE_ERROR, "%s: the image says it is %s, its package says %s", j->spec,
			   *m->info.release ? m->info.release : "nothing", k->release);
	snprintf(m->info.boot, sizeof(m->info.boot), "vmlinuz");
	ret = bzimage_extract(vmlinuz, vmlinux, why, sizeof(why));
	if (ret && ret != -ENOTSUP)
		return end(j, IMAGE_ERROR, "%s: %s", j->spec, why);
	if (!ret) {
		char release[65];

		ret = kernel_identify(vmlinux, &form, release, sizeof(release));
		if (!ret && form == KERNEL_VMLINUX) {
			snprintf(m->info.boot, sizeof(m->info.boot), "vmlinux");
			unlink(vmlinuz);
		} else {
			unlink(vmlinux);
		}
	}
	snprintf(vmlinux, sizeof(vmlinux), "%s/%s", m->tmp, m->info.boot);
	if (stat(vmlinux, &st))
		return end(j, IMAGE_ERROR, "%s: %s", vmlinux, strerror(errno));
	m->info.boot_size = (unsigned long long)st.st_size;
	m->info.modules = k->modules;
	if (k->modules) {
		snprintf(modules, sizeof(modules), "%s/lib/modules/%s", m->tmp, k->release);
		ret = moddep_write(modules, why, sizeof(why));
		if (ret)
			return end(j, IMAGE_ERROR, "%s: %s", j->spec, why);
	}
	ret = cache_write_info(m->tmp, &m->info);
	return ret ? end(j, IMAGE_ERROR, "%s/info: %s", m->tmp, strerror(-ret)) : IMAGE_OK;
}

/* ---- packages at hand ---- */

static int is_deb(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 4 && !strcmp(e->d_name + n - 4, ".deb") && !strstr(e->d_name, "-dbg") &&
	       strncmp(e->d_name, "linux-headers", 13) && strncmp(e->d_name, "linux-libc-dev", 14);
}

static uint64_t fnv(const char *s, uint64_t hash) /* FNV-1a */
{
	hash ^= 0xcbf29ce484222325ull;
	while (*s)
		hash = (hash ^ (unsigned char)*s++) * 0x100000001b3ull;
	return hash;
}

/* A kernel that is built again and again must not fill the disk: earlier contents of the same folder go. */
static void forget_others(struct job *j, const char *name)
{
	size_t n_all, prefix = strlen("deb_") + 16 + 1;
	struct cache_info *all = cache_all(j->cache, &n_all);
	char path[PATH_MAX];

	for (size_t i = 0; all && i < n_all; i++)
		if (!strncmp(all[i].name, name, prefix) && strcmp(all[i].name, name) &&
		    snprintf(path, sizeof(path), "%s/%s", j->cache, all[i].name) < (int)sizeof(path))
			dir_remove(path);
	free(all);
}

/* The folder of a set of packages: by what they are called, how long they are, and when they were written. */
static int name_of_debs(const char *dir, struct dirent **e, int count, char *name, size_t n)
{
	uint64_t hash = 0;

	for (int i = 0; i < count; i++) {
		char path[PATH_MAX], key[PATH_MAX + 64];
		struct stat st;

		if (snprintf(path, sizeof(path), "%s/%s", dir, e[i]->d_name) >= (int)sizeof(path))
			return -ENAMETOOLONG;
		if (stat(path, &st))
			return -errno;
		snprintf(key, sizeof(key), "%s\n%lld\n%lld.%ld\n", path, (long long)st.st_size,
			 (long long)st.st_mtim.tv_sec, (long)st.st_mtim.tv_nsec);
		hash = fnv(key, hash);
	}
	snprintf(name, n, "deb_%016llx_%016llx", (unsigned long long)fnv(dir, 0), (unsigned long long)hash);
	return 0;
}

static enum image_status unpack_debs(struct job *j, struct making *m, const char *dir, struct dirent **e,
				     int count)
{
	struct deb_kernel k = {0};
	char why[256];

	for (int i = 0; i < count; i++) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%s/%s", dir, e[i]->d_name) >= (int)sizeof(path))
			return end(j, IMAGE_ERROR, "%s: the name is too long", dir);
		if (deb_unpack(path, m->tmp, &k, why, sizeof(why)))
			return end(j, IMAGE_ERROR, "%s: %s", path, why);
		if (strcmp(k.architecture, "amd64") && strcmp(k.architecture, "all"))
			return end(j, IMAGE_ERROR, "%s: expected a package for amd64, found one for '%s'",
				   path, k.architecture);
		if (k.image && !*m->info.version)
			snprintf(m->info.version, sizeof(m->info.version), "%s", k.version);
	}
	if (!k.image)
		return end(j, IMAGE_ERROR,
			   "%s: expected a package with boot/vmlinuz-*, found none in its %d packages", dir,
			   count);
	return make_boot(j, m, &k);
}

static enum image_status from_debs(struct job *j)
{
	struct dirent **entries = NULL;
	struct making m = {0};
	char dir[PATH_MAX];
	enum image_status status;
	bool there = false;
	int count, ret;

	if (!realpath(j->spec + 4, dir))
		return end(j, IMAGE_ERROR, "%s: expected a folder of packages: %s", j->spec, strerror(errno));
	count = scandir(dir, &entries, is_deb, alphasort);
	if (count < 0)
		return end(j, IMAGE_ERROR, "%s: expected a folder of packages: %s", j->spec, strerror(errno));
	ret = name_of_debs(dir, entries, count, m.info.name, sizeof(m.info.name));
	if (!count || ret) {
		status = end(j, IMAGE_ERROR, "%s: expected files linux-image-*.deb in it, found %s", j->spec,
			     ret ? strerror(-ret) : "none");
		goto out;
	}
	status = make_begin(j, &m, &there);
	if (status == IMAGE_OK && !there) {
		snprintf(m.info.flavour, sizeof(m.info.flavour), "deb");
		snprintf(m.info.suite, sizeof(m.info.suite), "deb");
		status = make_end(j, &m, unpack_debs(j, &m, dir, entries, count));
		j->im->fetched = true;
		if (status == IMAGE_OK)
			forget_others(j, m.info.name);
	} else if (m.lock >= 0) {
		close(m.lock);
	}
	if (status == IMAGE_OK)
		cache_image(j->cache, &m.info, j->im);
out:
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return status;
}

/* ---- the archive ---- */

static enum image_status fetch_packages(struct job *j, struct apt *apt, const struct kernel *k,
					struct making *m)
{
	struct deb_kernel got = {0};
	char path[PATH_MAX], why[512];
	struct statvfs fs;
	uint64_t need = 2 * k->size + (128 << 20); /* packages, the unpacked image and modules */

	if (!statvfs(m->tmp, &fs) && (uint64_t)fs.f_bavail * fs.f_frsize < need)
		return end(j, IMAGE_ERROR, "expected %llu MiB of free space for %s in %s, found %llu",
			   (unsigned long long)(need >> 20), k->version, j->cache,
			   (unsigned long long)((uint64_t)fs.f_bavail * fs.f_frsize >> 20));
	cache_sweep(j->cache);
	tell(j, "fetching Linux %s (%s, %s, %llu MB)", k->version, k->flavour, k->suite,
	     (unsigned long long)(k->size / 1000000));
	for (unsigned i = 0; i < k->n; i++) {
		const struct package *p = k->package[i];
		enum apt_end e;

		snprintf(path, sizeof(path), "%s/package.deb", m->tmp);
		e = apt_fetch(apt, p, path, why, sizeof(why));
		if (e)
			return end(j, e == APT_SKIP ? IMAGE_SKIP : IMAGE_ERROR, "%s: %s", j->spec, why);
		if (deb_unpack(path, m->tmp, &got, why, sizeof(why)))
			return end(j, IMAGE_ERROR, "%s: %s%s: %s", j->spec, p->base, p->file, why);
		unlink(path);
		if (strcmp(got.package, p->name) || strcmp(got.version, p->version))
			return end(j, IMAGE_ERROR, "%s: expected package %s %s, found %s %s in it", j->spec,
				   p->name, p->version, got.package, got.version);
	}
	if (!got.image)
		return end(
			j, IMAGE_SKIP,
			"%s: version %s is no longer whole in %s: %s is not listed; another version may be",
			j->spec, k->version, k->suite,
			*k->missing ? k->missing : "the package with its image");
	if (*k->missing)
		tell(j, "%s: %s is no longer listed: the kernel boots, without %s", j->spec, k->missing,
		     got.modules ? "its configuration" : "modules");
	snprintf(m->info.version, sizeof(m->info.version), "%s", k->version);
	snprintf(m->info.flavour, sizeof(m->info.flavour), "%s", k->flavour);
	snprintf(m->info.suite, sizeof(m->info.suite), "%s", k->suite);
	return make_boot(j, m, &got);
}

static enum image_status fetch(struct job *j, struct apt *apt, const struct kernel *k)
{
	struct making m = {0};
	bool there = false;
	enum image_status status;

	snprintf(m.info.name, sizeof(m.info.name), "%s_%s", k->version, k->flavour);
	status = make_begin(j, &m, &there);
	if (status == IMAGE_OK && !there) {
		status = make_end(j, &m, fetch_packages(j, apt, k, &m));
		j->im->fetched = true;
	} else if (m.lock >= 0) {
		close(m.lock);
	}
	if (status == IMAGE_OK)
		cache_image(j->cache, &m.info, j->im);
	return status;
}

/* "6.1, 6.12, 7.2": what there is instead. */
static void name_series(const struct kernel *k, size_t n, struct buf *out)
{
	char last[32] = "";

	while (n--) {
		char series[32];

		version_series(k[n].version, series, sizeof(series));
		if (strcmp(series, last))
			buf_printf(out, "%s%s", *last ? ", " : "", series);
		snprintf(last, sizeof(last), "%s", series);
	}
}

/* Takes what is cached, or the newest that there is. *k NULL afterwards: no kernel matches. */
static enum image_status choose(struct job *j, struct apt *apt, const char *wanted, bool *matched)
{
	size_t n_cached, n = 0;
	struct cache_info *cached = cache_all(j->cache, &n_cached), info;
	struct kernel *all = catalog_merge(&apt->lists, cached, n_cached, &n);
	const struct kernel *k = all ? listing_choose(all, n, wanted) : NULL;
	enum image_status status = IMAGE_OK;
	char name[160];

	*matched = k != NULL;
	if (!all || !cached) {
		status = end(j, IMAGE_ERROR, "out of memory");
	} else if (k) {
		snprintf(name, sizeof(name), "%s_%s", k->version, k->flavour);
		if (k->cached && cache_find(j->cache, name, &info))
			cache_image(j->cache, &info, j->im);
		else
			status = fetch(j, apt, k);
		if (status == IMAGE_SKIP) {
			char why[512];

			/* No network for the newest: what is here will do, if it is said. */
			for (size_t i = 0; i < n; i++) {
				if (!all[i].cached || !version_matches(wanted, all[i].version))
					continue;
				snprintf(name, sizeof(name), "%s_%s", all[i].version, all[i].flavour);
				if (!cache_find(j->cache, name, &info))
					continue;
				snprintf(why, sizeof(why), "%s", j->why);
				tell(j, "%s; taking %s, which is cached", why, all[i].version);
				cache_image(j->cache, &info, j->im);
				status = IMAGE_OK;
				break;
			}
		}
	} else {
		struct buf series = {0};
		char when[64] = "no lists yet";
		struct tm tm;

		name_series(all, n, &series);
		if (apt->when && localtime_r(&apt->when, &tm))
			strftime(when, sizeof(when), "lists of %F %R", &tm);
		status = end(j, IMAGE_SKIP,
			     "%s: expected a version that is in the archive or the cache, found %s (%s)%s",
			     j->spec, series.n ? buf_str(&series) : "none", when,
			     apt->tried ? "" : "; hookdiff kernel list --refresh fetches the lists anew");
		buf_fini(&series);
	}
	free(cached);
	free(all);
	return status;
}

static enum image_status from_archive(struct job *j)
{
	const char *wanted = j->spec + 7;
	static const char *const flavours[] = {"cloud-amd64", "amd64"};
	char dir[PATH_MAX], name[160], why[512] = "";
	static time_t tried; /* no network now: the next kernel of this run need not find out again */
	enum image_status status;
	struct cache_info info;
	struct utsname uts;
	struct apt apt;
	bool matched = false;
	enum apt_end e;

	if (strrchr(wanted, '-')) /* a version: what is cached under its name is it */
		for (unsigned i = 0; i < 2; i++) {
			snprintf(name, sizeof(name), "%s_%s", wanted, flavours[i]);
			if (cache_find(j->cache, name, &info)) {
				cache_image(j->cache, &info, j->im);
				return IMAGE_OK;
			}
		}
	if (!uname(&uts) && strcmp(uts.machine, "x86_64"))
		return end(j, IMAGE_SKIP, "%s: kernels are fetched for x86_64 only, this machine is %s",
			   j->spec, uts.machine);
	snprintf(dir, sizeof(dir), "%s/apt", j->cache);
	e = apt_open(&apt, dir, why, sizeof(why));
	if (e)
		return end(j, IMAGE_ERROR, "%s", why);
	if (time(NULL) - apt.when > LISTS_LAST && !tried) {
		tried = time(NULL);
		e = apt_update(&apt, j->quiet, why, sizeof(why));
	}
	status = choose(j, &apt, wanted, &matched);
	/* Lists of this morning may name what the mirror has replaced since, or not yet name what is wanted.
	 */
	if ((!matched || (status == IMAGE_SKIP && apt.gone)) && !apt.tried && !tried &&
	    time(NULL) - apt.when > (matched ? 0 : HOUR)) {
		tried = time(NULL);
		e = apt_update(&apt, j->quiet, why, sizeof(why));
		status = choose(j, &apt, wanted, &matched);
	}
	if (status == IMAGE_OK && e && *why)
		tell(j, "%s; using what is cached", why);
	else if (!matched && e)
		end(j, status, "%s: not in the cache, and %s", j->spec, why);
	apt_close(&apt);
	return status;
}

/* A build by its name, or by its name without the hash at its end. */
static bool names_build(const char *wanted, const char *name)
{
	size_t n = strlen(wanted);

	return !strncmp(name, wanted, n) && (!name[n] || (name[n] == '-' && !strchr(name + n + 1, '-')));
}

/* The newest build of that name (harness/build). */
static enum image_status from_build(struct job *j)
{
	const char *name = j->spec + 6;
	char dir[PATH_MAX - 256], path[PATH_MAX];
	struct cache_info *all;
	size_t n_all = 0, best = 0;
	time_t newest = 0;
	struct stat st;

	if (cache_folder("builds", dir, sizeof(dir), j->why, j->n))
		return IMAGE_ERROR;
	all = cache_all(dir, &n_all);
	for (size_t i = 0; all && i < n_all; i++) {
		snprintf(path, sizeof(path), "%s/%s/info", dir, all[i].name);
		if (names_build(name, all[i].name) && !stat(path, &st) && st.st_mtime >= newest) {
			newest = st.st_mtime;
			best = i;
		}
	}
	if (newest)
		cache_image(dir, &all[best], j->im);
	free(all);
	return newest ? IMAGE_OK
		      : end(j, IMAGE_SKIP,
			    "%.80s: expected a kernel that was built here, found none of that name in "
			    "%.300s; "
			    "hookdiff kernel build makes one",
			    j->spec, dir);
}

bool image_spec_valid(const char *spec, char *why, size_t n)
{
	const char *path = strncmp(spec, "deb:", 4) ? spec : spec + 4, *wanted = spec + 7;

	if (!strncmp(spec, "build:", 6)) {
		if (spec[6] && !strchr(spec, '/') && strlen(spec) <= 120)
			return true;
		snprintf(why, n,
			 "%.60s: expected build:NAME, a name that hookdiff kernel build printed, with or "
			 "without the "
			 "hash at its end",
			 spec);
		return false;
	}
	if (strncmp(spec, "debian:", 7)) {
		if (!access(path, F_OK))
			return true;
		snprintf(why, n,
			 "%s: expected debian:VERSION, deb:DIR, build:NAME, or the path of a bzImage, a "
			 "vmlinux or a built tree: %s",
			 spec, strerror(errno));
		return false;
	}
	if (version_valid(wanted) && strlen(wanted) <= 90)
		return true;
	snprintf(why, n,
		 "%.60s: expected a series such as debian:6.12 or a version such as debian:6.12.95-1, found "
		 "'%.40s'",
		 spec, wanted);
	return false;
}

enum image_status image_get(const char *spec, struct kernel_image *im, bool quiet, char *why, size_t n)
{
	struct job j = {.spec = spec, .im = im, .quiet = quiet, .why = why, .n = n};

	*im = (struct kernel_image){0};
	*why = 0;
	snprintf(im->spec, sizeof(im->spec), "%s", spec);
	if (!image_spec_valid(spec, why, n))
		return IMAGE_ERROR;
	if (!strncmp(spec, "build:", 6))
		return from_build(&j);
	if (strncmp(spec, "debian:", 7) && strncmp(spec, "deb:", 4))
		return from_path(&j);
	if (cache_dir(j.cache, sizeof(j.cache), why, n))
		return IMAGE_ERROR;
	return strncmp(spec, "debian:", 7) ? from_debs(&j) : from_archive(&j);
}
