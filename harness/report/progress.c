/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <time.h>
#include <unistd.h>

#include "text.h"

#define SECOND 1000000000ull

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

void progress_init(struct progress *p, FILE *to, const char *what, uint64_t total, uint64_t seconds)
{
	*p = (struct progress){.to = to, .what = what, .total = total, .limit_ns = seconds * SECOND};
	p->start_ns = p->last_ns = now_ns();
	p->tty = to && isatty(fileno(to));
	p->next_ns = p->start_ns + (p->tty ? SECOND / 5 : 5 * SECOND);
}

double progress_seconds(const struct progress *p)
{
	return (double)(now_ns() - p->start_ns) / SECOND;
}

/* "fuzz: 12,345 of 50,000 cases, 9,876/s, 4.0 s left, 0 findings" */
static void draw(struct progress *p, uint64_t now, uint64_t done, uint64_t findings)
{
	struct buf line = {0};
	double left = -1;

	buf_printf(&line, "%s: ", p->what);
	text_count(&line, done);
	if (p->total) {
		buf_puts(&line, " of ");
		text_count(&line, p->total);
		if (p->rate > 0 && done <= p->total)
			left = (double)(p->total - done) / p->rate;
	}
	buf_puts(&line, " cases, ");
	text_count(&line, (uint64_t)p->rate);
	buf_puts(&line, "/s, ");
	if (p->limit_ns) {
		double limit = now - p->start_ns < p->limit_ns
				       ? (double)(p->limit_ns - (now - p->start_ns)) / SECOND
				       : 0;
		if (left < 0 || limit < left)
			left = limit;
	}
	if (left >= 0) {
		text_seconds(&line, left);
		buf_puts(&line, " left, ");
	}
	text_count(&line, findings);
	buf_puts(&line, findings == 1 ? " finding" : " findings");
	if (p->tty)
		fprintf(p->to, "\r%s\033[K", buf_str(&line));
	else
		fprintf(p->to, "%s\n", buf_str(&line));
	fflush(p->to);
	p->drawn = true;
	buf_fini(&line);
}

void progress_update(struct progress *p, uint64_t done, uint64_t findings)
{
	uint64_t now;

	if (!p->to)
		return;
	now = now_ns();
	if (now < p->next_ns)
		return;
	if (done >= p->last_done && now > p->last_ns) {
		double rate = (double)(done - p->last_done) * SECOND / (double)(now - p->last_ns);

		p->rate = p->rate > 0 ? 0.7 * p->rate + 0.3 * rate : rate; /* steady enough to be read */
	}
	p->last_done = done;
	p->last_ns = now;
	p->next_ns = now + (p->tty ? SECOND / 10 : 5 * SECOND);
	draw(p, now, done, findings);
}

void progress_clear(struct progress *p)
{
	if (p->to && p->tty && p->drawn) {
		fputs("\r\033[K", p->to);
		fflush(p->to);
		p->drawn = false;
	}
}

void progress_end(struct progress *p)
{
	progress_clear(p);
	p->to = NULL;
}
