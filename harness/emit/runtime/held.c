
/* ---- a call whose optval comes only when another thread has done its part (userfaultfd(2)) ---- */

#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>

static struct held {
	int uffd, pipe[2], detach, touched;
	unsigned char *page, *image;
	size_t size;
	int32_t next;
} held;

static void detach_hook(int hook)
{
	for (unsigned i = 0; i < n_slots; i++) {
		struct slot *s = &slots[i];
		struct {
			uint32_t target, prog, type, flags, replace;
		} d = {(uint32_t)level_fd[s->level], (uint32_t)s->prog, (uint32_t)s->hook, 0, 0};

		if (s->hook == hook && (s->link >= 0 ? close(s->link) : (int)bpf(PROG_DETACH, &d, sizeof(d))))
			cannot("detaching a program");
	}
}

static void held_page(void)
{
	struct uffdio_copy c = {(uintptr_t)held.page, (uintptr_t)held.image, held.size, 0, 0};

	if (ioctl(held.uffd, UFFDIO_COPY, &c))
		cannot("userfaultfd brings no page");
}

static void *held_thread(void *unused)
{
	struct pollfd fds[2] = {{held.uffd, POLLIN, 0}, {held.pipe[0], POLLIN, 0}};
	struct uffd_msg msg;

	(void)unused;
	while (poll(fds, 2, -1) >= 0) {
		if (read(held.uffd, &msg, sizeof(msg)) != (ssize_t)sizeof(msg)) {
			if (fds[1].revents)
				break;
			continue;
		}
		if (held.detach)
			detach_hook(held.detach);
		else
			user->len = held.next;
		held.touched = 1;
		held_page();
	}
	return NULL;
}

/* detach: GET or SET, whose programs go; 0: optlen becomes `next`. */
MAYBE_UNUSED static void call_held(int is_get, int fd, int level, int optname, int len, int next, int detach)
{
	struct uffdio_api api = {UFFD_API, 0, 0};
	struct uffdio_register r;
	int32_t *at = put_len(len);
	pthread_t thread;

	held.size = (size_t)sysconf(_SC_PAGESIZE);
	held.page = mmap(NULL, 2 * held.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	held.image = held.page + held.size;
	held.next = next;
	held.detach = detach;
	held.touched = 0;
	held.uffd = (int)syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (held.page == MAP_FAILED || held.uffd < 0 || ioctl(held.uffd, UFFDIO_API, &api))
		cannot("userfaultfd (CAP_SYS_PTRACE or sysctl vm.unprivileged_userfaultfd=1)");
	memset(&r, 0, sizeof(r));
	r.range.start = (uintptr_t)held.page;
	r.range.len = held.size;
	r.mode = UFFDIO_REGISTER_MODE_MISSING;
	memcpy(held.image, mem, mem_size);
	if (ioctl(held.uffd, UFFDIO_REGISTER, &r) || pipe(held.pipe) ||
	    pthread_create(&thread, NULL, held_thread, NULL))
		cannot("a page that is held back");
	if (is_get)
		call_get(fd, level, optname, held.page, at);
	else
		call_set(fd, level, optname, held.page, len);
	if (write(held.pipe[1], "", 1) != 1)
		cannot("write");
	pthread_join(thread, NULL);
	if (!held.touched)
		held_page();
	for (unsigned i = 0; held.touched && detach && i < n_slots; i++)
		if (slots[i].hook == detach)
			put(&slots[i]);
	memcpy(mem, held.page, mem_size);
	munmap(held.page, 2 * held.size);
	close(held.uffd);
	close(held.pipe[0]);
	close(held.pipe[1]);
}
