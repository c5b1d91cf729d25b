/* SPDX-License-Identifier: MIT */
#include "meanwhile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_TURNS 2048 /* of the racing thread's waiting: about as long as a call */

static int open_uffd(struct meanwhile *m, char *err, size_t size)
{
	struct uffdio_api api = {.api = UFFD_API};
	int ret;

	m->uffd = (int)syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (m->uffd >= 0 && !ioctl(m->uffd, UFFDIO_API, &api))
		return 0;
	ret = -errno;
	snprintf(err, size, "no userfaultfd for faults of the kernel here: %s (needs %s)", strerror(-ret),
		 ret == -EPERM ? "CAP_SYS_PTRACE or sysctl vm.unprivileged_userfaultfd=1"
			       : "CONFIG_USERFAULTFD");
	return ret;
}

int meanwhile_open(struct meanwhile *m, char *err, size_t size)
{
	int ret;

	memset(m, 0, sizeof(*m));
	m->page_size = (uint32_t)sysconf(_SC_PAGESIZE);
	rng_seed(&m->rng, 1, 0);
	ret = open_uffd(m, err, size);
	if (ret) {
		meanwhile_close(m);
		return ret;
	}
	m->image = mmap(NULL, 3 * (size_t)m->page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	if (m->image == MAP_FAILED) {
		m->image = NULL;
		snprintf(err, size, "no memory for pages that are held back");
		meanwhile_close(m);
		return -ENOMEM;
	}
	for (unsigned i = 0; i < MEANWHILE_PAGES; i++) {
		struct uffdio_register r = {.mode = UFFDIO_REGISTER_MODE_MISSING};

		m->page[i] = m->image + (i + 1) * (size_t)m->page_size;
		r.range.start = (uintptr_t)m->page[i];
		r.range.len = m->page_size;
		if (ioctl(m->uffd, UFFDIO_REGISTER, &r)) {
			ret = -errno;
			snprintf(err, size, "userfaultfd takes no page: %s", strerror(-ret));
			meanwhile_close(m);
			return ret;
		}
	}
	return 0;
}

void meanwhile_close(struct meanwhile *m)
{
	if (m->image)
		munmap(m->image, 3 * (size_t)m->page_size);
	if (m->uffd >= 0)
		close(m->uffd);
	m->image = NULL;
	m->uffd = -1;
}

/* 0 or an errno. */
static int bring_page(const struct meanwhile *m, unsigned which)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)m->page[which], .src = (uintptr_t)m->image, .len = m->page_size};

	return ioctl(m->uffd, UFFDIO_COPY, &copy) ? errno : 0;
}

/* ---- held ---- */

struct holder {
	const struct meanwhile *m;
	const struct meanwhile_part *part;
	unsigned which;
	int stop; /* eventfd: the call has ended */
	bool touched;
	int err;
};

static void *hold(void *arg)
{
	struct holder *h = arg;
	struct pollfd fds[2] = {{.fd = h->m->uffd, .events = POLLIN}, {.fd = h->stop, .events = POLLIN}};
	struct uffd_msg msg;

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR) {
			h->err = errno;
			return NULL;
		}
		if (read(h->m->uffd, &msg, sizeof(msg)) == (ssize_t)sizeof(msg)) {
			if (!h->touched && h->part->act)
				h->part->act(h->part->arg);
			h->touched = true;
			h->err = bring_page(h->m, h->which);
		} else if (fds[1].revents) {
			return NULL;
		}
	}
}

/* Makes the page one that is not there, and starts the thread. 0 or an errno. */
static int begin_hold(struct holder *h, const struct meanwhile *m, pthread_t *thread)
{
	h->stop = eventfd(0, EFD_CLOEXEC);
	if (h->stop < 0 || madvise(m->page[h->which], m->page_size, MADV_DONTNEED))
		return errno;
	return pthread_create(thread, NULL, hold, h);
}

int64_t meanwhile_held(struct meanwhile *m, unsigned which, const struct tc_buf *b,
		       const struct meanwhile_part *p, bool *touched, const uint8_t **mem, int *err)
{
	struct holder h = {.m = m, .part = p, .which = which, .stop = -1};
	uint64_t one = 1;
	pthread_t thread = 0; /* a checker does not see that begin_hold() sets it */
	int64_t ret = -EIO;

	tc_buf_image(b, m->image, m->page_size);
	*mem = m->page[which];
	*touched = false;
	*err = begin_hold(&h, m, &thread);
	if (!*err) {
		ret = p->call(m->page[which], p->arg);
		*err = write(h.stop, &one, sizeof(one)) == (ssize_t)sizeof(one) ? 0 : errno;
		pthread_join(thread, NULL);
		*touched = h.touched;
		*err = *err ? *err : h.err;
	}
	if (!*touched) { /* or reading it would wait for ever */
		int none = bring_page(m, which);

		*err = *err ? *err : none;
	}
	if (h.stop >= 0)
		close(h.stop);
	return ret;
}

/* ---- raced ---- */

struct racer {
	const struct meanwhile_part *part;
	_Atomic int state; /* 1: the thread is there, 2: go */
	bool alone;	   /* one processor for both threads */
	uint32_t turns;
};

static void *race(void *arg)
{
	struct racer *r = arg;

	atomic_store(&r->state, 1);
	while (atomic_load(&r->state) != 2)
		if (r->alone) /* spinning would only keep the other thread from running, for a whole time
				 slice */
			sched_yield();
	for (volatile uint32_t i = 0; i < r->turns; i++)
		;
	r->part->act(r->part->arg);
	return NULL;
}

int64_t meanwhile_raced(struct meanwhile *m, const struct meanwhile_part *p, int *err)
{
	struct racer r = {.part = p,
			  .turns = rng_below(&m->rng, MAX_TURNS),
			  .alone = sysconf(_SC_NPROCESSORS_ONLN) == 1};
	pthread_t thread;
	int64_t ret;

	*err = pthread_create(&thread, NULL, race, &r);
	if (*err)
		return -EIO;
	while (atomic_load(&r.state) != 1)
		usleep(0);
	atomic_store(&r.state, 2);
	ret = p->call(NULL, p->arg);
	pthread_join(thread, NULL);
	return ret;
}
