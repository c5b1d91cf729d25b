/* SPDX-License-Identifier: MIT */
#include "refuse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int refuse(const struct refusal *to, int ret, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(to->text, to->size, format, ap);
	va_end(ap);
	return ret;
}

int refuse_memory(const struct refusal *to)
{
	return refuse(to, -ENOMEM, "out of memory");
}
