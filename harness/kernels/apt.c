/* SPDX-License-Identifier: MIT */
#include "apt.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "run.h"
#include "sources.h"

static const char helper[] = "/usr/lib/apt/apt-helper";
static const char keyring[] = "/usr/share/keyrings/debian-archive-keyring.gpg";

static void path_of(const struct apt *a, const char *name, char *out, size_t n)
{
	snprintf(out, n, "%s/%s", a->dir, name);
}

/* ---- the last update ---- */

static void read_index(struct apt *a)
{
	char path[PATH_MAX];
	struct buf text = {0};
	struct stat st;

	path_of(a, "index", path, sizeof(path));
	listing_fini(&a->lists);
	a->when = 0;
	if (!file_read(path, &text) && !stat(path, &st)) {
		if (listing_parse(&a->lists, buf_str(&text)))
			a->when = st.st_mtime;
		else
			listing_fini(&a->lists); /* of another version of hookdiff: the next update writes it
						    anew */
	}
	buf_fini(&text);
	path_of(a, "notes", path, sizeof(path));
	buf_reset(&a->notes);
	file_read(path, &a->notes);
}

enum apt_end apt_open(struct apt *a, const char *dir, char *why, size_t n)
{
	int ret;

	*a = (struct apt){0};
	if (strpbrk(dir, "\"\n\t") || snprintf(a->dir, sizeof(a->dir), "%s", dir) >= (int)sizeof(a->dir)) {
		snprintf(why, n, "%s: apt cannot have its state in a folder of this name; set XDG_CACHE_HOME",
			 dir);
		return APT_ERROR;
	}
	ret = dir_make(dir);
	if (ret) {
		snprintf(why, n, "%s: %s", dir, strerror(-ret));
		return APT_ERROR;
	}
	read_index(a);
	return APT_OK;
}

void apt_close(struct apt *a)
{
	listing_fini(&a->lists);
	buf_fini(&a->notes);
}

/* ---- configuration ---- */

/* Where the machine's own sources are: APT_CONFIG and Dir::Etc may have moved them. */
static void own_sources(struct sources *s)
{
	static const char *const argv[] = {"apt-config", "dump", "--format", "%f=%v%n", "Dir", NULL};
	struct buf out = {0}, list = {0}, parts = {0};
	char dir[PATH_MAX] = "/", etc[PATH_MAX] = "etc/apt", name[PATH_MAX] = "sources.list",
	     folder[PATH_MAX] = "sources.list.d", path[PATH_MAX];
	struct {
		const char *key;
		char *value;
	} keys[] = {{"Dir=", dir},
		    {"Dir::Etc=", etc},
		    {"Dir::Etc::sourcelist=", name},
		    {"Dir::Etc::sourceparts=", folder}};
	struct dirent **entries;
	int count;

	if (!run_program(argv, &out))
		for (const char *line = buf_str(&out); *line;
		     line += strcspn(line, "\n"), line += *line == '\n')
			for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
				if (!strncasecmp(line, keys[i].key, strlen(keys[i].key)))
					snprintf(keys[i].value, PATH_MAX, "%.*s",
						 (int)(strcspn(line, "\n") - strlen(keys[i].key)),
						 line + strlen(keys[i].key));
	/* A relative name is below the one before it. */
	buf_printf(&parts, "%s%s%s/", *etc == '/' ? "" : dir, *etc == '/' ? "" : "/", etc);
	buf_printf(&list, "%s%s", *name == '/' ? "" : buf_str(&parts), name);
	if (*folder == '/')
		buf_reset(&parts);
	buf_puts(&parts, folder);

	buf_reset(&out);
	if (!file_read(buf_str(&list), &out))
		sources_read(s, buf_str(&list), buf_str(&out));
	count = scandir(buf_str(&parts), &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		size_t n = strlen(entries[i]->d_name);

		snprintf(path, sizeof(path), "%s/%s", buf_str(&parts), entries[i]->d_name);
		buf_reset(&out);
		if (((n > 5 && !strcmp(entries[i]->d_name + n - 5, ".list")) ||
		     (n > 8 && !strcmp(entries[i]->d_name + n - 8, ".sources"))) &&
		    !file_read(path, &out))
			sources_read(s, path, buf_str(&out));
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	buf_fini(&out);
	buf_fini(&list);
	buf_fini(&parts);
}

/* An address without the password that it may hold. */
static void public_uri(const char *uri, char *out, size_t n)
{
	const char *host = strstr(uri, "://"), *at;

	host = host ? host + 3 : uri;
	at = memrchr(host, '@', strcspn(host, "/"));
	snprintf(out, n, "%.*s%s", (int)(host - uri), uri, at ? at + 1 : host);
}

static enum apt_end write_sources(struct apt *a, char *mirror, size_t mirror_n, char *why, size_t n)
{
	struct sources s = {0};
	struct buf text = {0};
	char path[PATH_MAX];
	enum apt_end end = APT_OK;
	int ret;

	own_sources(&s);
	if (!s.debian.rank && !access(keyring, R_OK)) {
		/* No machine of Debian's, yet its keys are here. */
		sources_read(&s, "default.list",
			     "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
			     "http://deb.debian.org/debian bookworm main\n");
	}
	if (!s.debian.rank) {
		snprintf(why, n,
			 "expected Debian's archive in apt's sources, or its keys, found neither: apt-get "
			 "install "
			 "debian-archive-keyring, or name a bzImage by its path");
		end = APT_SKIP;
		goto out;
	}
	public_uri(s.debian.uri, mirror, mirror_n);
	sources_write(&s, &text);
	path_of(a, "hookdiff.sources", path, sizeof(path));
	ret = text.failed ? -ENOMEM : file_write(path, buf_str(&text), text.n);
	if (ret) {
		snprintf(why, n, "%s: %s", path, strerror(-ret));
		end = APT_ERROR;
	}
out:
	sources_fini(&s);
	buf_fini(&text);
	return end;
}

/* Read by apt after the machine's own configuration, of which it keeps what is about the network and trust.
 */
static enum apt_end write_config(struct apt *a, char *why, size_t n)
{
	static const char *const folders[] = {"state", "state/lists",	 "state/lists/partial",
					      "cache", "cache/archives", "cache/archives/partial"};
	struct buf text = {0};
	char path[PATH_MAX];
	int ret = 0;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && !ret; i++) {
		path_of(a, folders[i], path, sizeof(path));
		ret = dir_make(path);
	}
	path_of(a, "state/status", path, sizeof(path));
	if (!ret)
		ret = file_write(path, "", 0);
	buf_printf(
		&text,
		"// Written by hookdiff. apt-get -c this-file update; apt-cache -c this-file policy "
		"linux-image-amd64\n"
		"#clear APT::Update;\n"
		"#clear APT::Architectures;\n"
		"#clear APT::Default-Release;\n"
		"APT::Architecture \"amd64\";\n"
		"APT::Architectures { \"amd64\"; };\n"
		"Dir::State \"%s/state\";\n"
		"Dir::State::lists \"lists/\";\n"
		"Dir::State::status \"%s/state/status\";\n"
		"Dir::Cache \"%s/cache\";\n"
		"Dir::Cache::archives \"archives/\";\n"
		"Dir::Cache::pkgcache \"\";\n"
		"Dir::Cache::srcpkgcache \"\";\n"
		"Dir::Etc::sourcelist \"%s/hookdiff.sources\";\n"
		"Dir::Etc::sourceparts \"/dev/null\";\n"
		"Dir::Etc::preferences \"/dev/null\";\n"
		"Dir::Etc::preferencesparts \"/dev/null\";\n"
		"Acquire::Languages \"none\";\n"
		"Acquire::GzipIndexes \"true\";\n"
		/* A suite is asked for by its codename, so that stable becoming oldstable changes nothing. */
		"Acquire::AllowReleaseInfoChange::Suite \"true\";\n"
		"Acquire::AllowReleaseInfoChange::Version \"true\";\n"
		"Acquire::Retries \"2\";\n",
		a->dir, a->dir, a->dir, a->dir);
	path_of(a, "apt.conf", path, sizeof(path));
	if (!ret)
		ret = text.failed ? -ENOMEM : file_write(path, buf_str(&text), text.n);
	if (ret)
		snprintf(why, n, "%s: %s", path, strerror(-ret));
	buf_fini(&text);
	return ret ? APT_ERROR : APT_OK;
}

/* ---- what apt says ---- */

/* Whether a complaint is about the network and not about what came through it. */
static bool about_network(const char *text)
{
	static const char *const words[] = {"Temporary failure",
					    "Could not resolve",
					    "Could not connect",
					    "Unable to connect",
					    "Connection timed out",
					    "Connection failed",
					    "Network is unreachable",
					    "Connection refused",
					    "No route to host",
					    "Cannot initiate the connection",
					    "timed out",
					    "Connection reset",
					    "Proxy"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(text, words[i]))
			return true;
	return false;
}

/* Copies the first line of apt's errors (else of its warnings) without its mark. False if there is none. */
static bool first_complaint(const char *out, char *why, size_t n)
{
	static const char *const marks[] = {"E: ", "W: ", "Err:"};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		for (const char *line = out; *line; line += strcspn(line, "\n"), line += *line == '\n') {
			if (strncmp(line, marks[i], strlen(marks[i])) || strstr(line, "unsandboxed"))
				continue;
			line += strlen(marks[i]);
			snprintf(why, n, "%.*s", (int)strcspn(line, "\n"), line);
			return true;
		}
	return false;
}

/* Keeps what a user should know of an update. That a mirror lacks a suite is not of that kind. */
static void keep_notes(struct apt *a, const char *out)
{
	char path[PATH_MAX];

	buf_reset(&a->notes);
	for (const char *line = out; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t n = strcspn(line, "\n");

		if ((strncmp(line, "E: ", 3) && strncmp(line, "W: ", 3)) ||
		    memmem(line, n, "does not have a Release file", 28) ||
		    memmem(line, n, "unsandboxed", 11) || memmem(line, n, "Some index files failed", 23))
			continue;
		buf_printf(&a->notes, "%.*s\n", (int)(n - 3), line + 3);
	}
	path_of(a, "notes", path, sizeof(path));
	file_write(path, buf_str(&a->notes), a->notes.n);
}

/* ---- update ---- */

static int read_list(struct listing *l, const char *path, const char *suite, const char *base)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	struct buf carry = {0};
	static char piece[1 << 18];
	ssize_t got = -1;
	int ret = -EBADMSG;

	if (!a)
		return -ENOMEM;
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_lz4(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_format_raw(a);
	archive_read_support_format_empty(a);
	if (archive_read_open_filename(a, path, 1 << 16))
		goto out;
	ret = archive_read_next_header(a, &e);
	if (ret == ARCHIVE_EOF) { /* an empty list */
		ret = 0;
		goto out;
	}
	if (!ret)
		while ((got = archive_read_data(a, piece, sizeof(piece))) > 0)
			listing_add(l, &carry, piece, (size_t)got, suite, base, false);
	ret = got < 0 ? -EBADMSG : 0;
	listing_add(l, &carry, "", 0, suite, base, true);
out:
	buf_fini(&carry);
	archive_read_free(a);
	return ret;
}

/* Reads the lists that apt holds for good, and writes our index of the kernels in them. */
static enum apt_end build_index(struct apt *a, char *why, size_t n)
{
	char config[PATH_MAX], path[PATH_MAX];
	const char *const argv[] = {"apt-get",
				    "-c",
				    config,
				    "indextargets",
				    "--format",
				    "$(TRUSTED)|$(RELEASE)|$(REPO_URI)|$(FILENAME)",
				    "Created-By: Packages",
				    NULL};
	struct buf out = {0}, text = {0};
	enum apt_end end = APT_ERROR;
	int status, ret = 0;
	char *line, *rest;

	path_of(a, "apt.conf", config, sizeof(config));
	path_of(a, "index", path, sizeof(path));
	listing_fini(&a->lists);
	status = run_program(argv, &out);
	if (status) {
		snprintf(why, n, "apt-get indextargets: exit %d", status);
		first_complaint(buf_str(&out), why, n);
		goto out;
	}
	for (rest = out.p; rest && (line = strsep(&rest, "\n"));) {
		char *trusted = strsep(&line, "|"), *suite = strsep(&line, "|"), *base = strsep(&line, "|");

		if (!line || strcmp(trusted, "yes") || strchr(suite, '\t') || strchr(base, '\t'))
			continue;
		ret = read_list(&a->lists, line, suite, base);
		if (ret) {
			snprintf(why, n, "%s: apt's list is damaged; remove the folder %s", line, a->dir);
			goto out;
		}
	}
	listing_print(&a->lists, &text);
	ret = text.failed || a->lists.failed ? -ENOMEM : file_write(path, buf_str(&text), text.n);
	if (ret) {
		snprintf(why, n, "%s: %s", path, strerror(-ret));
		goto out;
	}
	a->when = time(NULL);
	end = APT_OK;
out:
	buf_fini(&out);
	buf_fini(&text);
	return end;
}

enum apt_end apt_update(struct apt *a, bool quiet, char *why, size_t n)
{
	char config[PATH_MAX], path[PATH_MAX], mirror[256] = "", said[256] = "";
	const char *const argv[] = {"apt-get", "-c", config, "-q", "update", NULL};
	struct buf out = {0};
	time_t before = a->when;
	enum apt_end end;
	int lock, status;

	path_of(a, "lock", path, sizeof(path));
	lock = file_lock(path, quiet ? NULL : "another hookdiff that updates the package lists");
	if (lock < 0) {
		snprintf(why, n, "%s: %s", path, strerror(-lock));
		return APT_ERROR;
	}
	read_index(a);
	end = APT_OK;
	if (a->when > before && time(NULL) - a->when < 60)
		goto out; /* another process did it while we waited */
	a->tried = true;
	end = write_sources(a, mirror, sizeof(mirror), why, n);
	if (end)
		goto out;
	end = write_config(a, why, n);
	if (end)
		goto out;
	if (!quiet)
		fprintf(stderr, "hookdiff: fetching package lists from %s\n", mirror);
	path_of(a, "apt.conf", config, sizeof(config));
	status = run_program(argv, &out);
	if (status < 0) {
		snprintf(why, n,
			 "expected apt-get, found: %s; fetching kernels needs Debian or a relative: name a "
			 "bzImage by its path",
			 strerror(-status));
		end = APT_SKIP;
		goto out;
	}
	keep_notes(a, buf_str(&out));
	snprintf(said, sizeof(said), "%.*s", (int)strcspn(buf_str(&a->notes), "\n"), buf_str(&a->notes));
	end = build_index(a, why, n);
	if (end)
		goto out;
	if (about_network(buf_str(&a->notes))) {
		/* Old lists, or none: they must not count as today's. */
		const struct timespec times[2] = {{.tv_sec = before}, {.tv_sec = before}};

		path_of(a, "index", path, sizeof(path));
		utimensat(AT_FDCWD, path, times, 0);
		a->when = before;
		snprintf(why, n, "not all package lists could be fetched from %s; apt-get says: %s", mirror,
			 said);
		end = APT_SKIP;
	} else if (!a->lists.n) {
		path_of(a, "index", path, sizeof(path));
		unlink(path);
		a->when = 0;
		snprintf(why, n, "expected kernels in the lists of %s, found none%s%s", mirror,
			 *said ? "; apt-get says: " : "", said);
		end = strstr(said, "No space left") ? APT_ERROR : APT_SKIP;
	}
out:
	buf_fini(&out);
	close(lock);
	return end;
}

/* ---- one package ---- */

enum apt_end apt_fetch(struct apt *a, const struct package *p, const char *to, char *why, size_t n)
{
	char config[PATH_MAX], uri[1024], hash[80], said[300] = "nothing";
	const char *const argv[] = {helper, "-c", config, "download-file", uri, to, hash, NULL};
	struct buf out = {0};
	enum apt_end end;
	struct stat st;
	int status;

	end = write_config(a, why, n); /* the cache may have been moved since the update */
	if (end)
		return end;
	path_of(a, "apt.conf", config, sizeof(config));
	snprintf(hash, sizeof(hash), "SHA256:%s", p->sha256);
	if (snprintf(uri, sizeof(uri), "%s%s", p->base, p->file) >= (int)sizeof(uri)) {
		snprintf(why, n, "%.100s...: the address is too long", uri);
		return APT_ERROR;
	}
	status = run_program(argv, &out);
	if (status < 0) {
		snprintf(why, n, "%s: %s; install the package apt", helper, strerror(-status));
		end = APT_SKIP;
	} else if (status || stat(to, &st)) {
		first_complaint(buf_str(&out), said, sizeof(said));
		snprintf(why, n, "%s: apt says: %s", p->name, said);
		a->gone = strstr(said, "404  Not Found") || strstr(said, "File not found");
		end = a->gone || about_network(buf_str(&out)) ? APT_SKIP : APT_ERROR;
	} else if (p->size && (uint64_t)st.st_size != p->size) {
		snprintf(why, n, "%s: expected %llu bytes, found %llu", p->name, (unsigned long long)p->size,
			 (unsigned long long)st.st_size);
		end = APT_ERROR;
	}
	buf_fini(&out);
	return end;
}
