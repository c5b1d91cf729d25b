/* SPDX-License-Identifier: MIT */
#include "cache.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

int cache_dir(char *dir, size_t n, char *why, size_t why_n)
{
	return cache_folder("kernels", dir, n, why, why_n);
}

int cache_folder(const char *kind, char *dir, size_t n, char *why, size_t why_n)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int ret, len;

	if (xdg && *xdg == '/') {
		len = snprintf(dir, n, "%s/hookdiff/%s", xdg, kind);
	} else if (home && *home == '/') {
		len = snprintf(dir, n, "%s/.cache/hookdiff/%s", home, kind);
	} else {
		snprintf(why, why_n, "expected HOME or XDG_CACHE_HOME to name a folder for %s, found neither",
			 kind);
		return -ENOENT;
	}
	if (len >= (int)n || len > 3500) {
		snprintf(why, why_n, "XDG_CACHE_HOME: the name is too long");
		return -ENAMETOOLONG;
	}
	ret = dir_make(dir);
	if (ret)
		snprintf(why, why_n, "%s: %s; XDG_CACHE_HOME may name another place", dir, strerror(-ret));
	return ret;
}

static void value_of(const char *text, const char *key, char *out, size_t n)
{
	size_t len = strlen(key);

	*out = 0;
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (!strncmp(text, key, len) && text[len] == ' ') {
			snprintf(out, n, "%.*s", (int)strcspn(text + len + 1, "\n"), text + len + 1);
			return;
		}
}

bool cache_find(const char *dir, const char *name, struct cache_info *info)
{
	char path[PATH_MAX], number[32];
	struct buf text = {0};
	struct stat st;
	bool whole = false;

	*info = (struct cache_info){0};
	snprintf(info->name, sizeof(info->name), "%s", name);
	if (snprintf(path, sizeof(path), "%s/%s/info", dir, name) >= (int)sizeof(path) ||
	    file_read(path, &text))
		goto out;
	value_of(buf_str(&text), "version", info->version, sizeof(info->version));
	value_of(buf_str(&text), "flavour", info->flavour, sizeof(info->flavour));
	value_of(buf_str(&text), "suite", info->suite, sizeof(info->suite));
	value_of(buf_str(&text), "release", info->release, sizeof(info->release));
	value_of(buf_str(&text), "boot", info->boot, sizeof(info->boot));
	value_of(buf_str(&text), "boot_size", number, sizeof(number));
	info->boot_size = strtoull(number, NULL, 10);
	value_of(buf_str(&text), "modules", number, sizeof(number));
	info->modules = (unsigned)strtoul(number, NULL, 10);
	if ((strcmp(info->boot, "vmlinux") && strcmp(info->boot, "vmlinuz") && strcmp(info->boot, "linux")) ||
	    strchr(info->release, '/'))
		goto out;
	if (snprintf(path, sizeof(path), "%s/%s/%s", dir, name, info->boot) >= (int)sizeof(path))
		goto out;
	whole = !stat(path, &st) && S_ISREG(st.st_mode) && (unsigned long long)st.st_size == info->boot_size;
out:
	buf_fini(&text);
	return whole;
}

struct cache_info *cache_all(const char *dir, size_t *n)
{
	struct dirent **entries;
	int count = scandir(dir, &entries, NULL, NULL);
	struct cache_info *all = calloc(count > 0 ? (size_t)count : 1, sizeof(*all));

	*n = 0;
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		size_t len = strlen(name);

		if (all && *name != '.' && strchr(name, '_') && len < sizeof(all->name) &&
		    (len < 4 || strcmp(name + len - 4, ".tmp")) && cache_find(dir, name, &all[*n]))
			++*n;
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return all;
}

void cache_sweep(const char *dir)
{
	struct dirent **entries;
	int count = scandir(dir, &entries, NULL, NULL);

	for (int i = 0; i < count; i++) {
		size_t n = strlen(entries[i]->d_name);
		char path[PATH_MAX], lock[PATH_MAX];
		int fd = -1;

		if (n > 4 && !strcmp(entries[i]->d_name + n - 4, ".tmp") &&
		    snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name) < (int)sizeof(path) &&
		    snprintf(lock, sizeof(lock), "%.*s.lock", (int)strlen(path) - 4, path) <
			    (int)sizeof(lock))
			fd = file_try_lock(lock);
		if (fd >= 0) {
			dir_remove(path);
			close(fd);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

int cache_write_info(const char *folder, const struct cache_info *info)
{
	struct buf text = {0};
	char path[PATH_MAX];
	int ret;

	snprintf(path, sizeof(path), "%s/info", folder);
	buf_printf(&text,
		   "version %s\nflavour %s\nsuite %s\nrelease %s\nboot %s\nboot_size %llu\nmodules %u\n",
		   info->version, info->flavour, info->suite, info->release, info->boot, info->boot_size,
		   info->modules);
	ret = text.failed ? -ENOMEM : file_write(path, buf_str(&text), text.n);
	buf_fini(&text);
	return ret;
}

void cache_image(const char *dir, const struct cache_info *info, struct kernel_image *im)
{
	snprintf(im->version, sizeof(im->version), "%s", info->version);
	snprintf(im->release, sizeof(im->release), "%s", info->release);
	snprintf(im->boot, sizeof(im->boot), "%s/%s/%s", dir, info->name, info->boot);
	im->uml = !strcmp(info->boot, "linux");
	*im->modules = 0;
	if (info->modules)
		snprintf(im->modules, sizeof(im->modules), "%s/%s/lib/modules/%s", dir, info->name,
			 info->release);
}
