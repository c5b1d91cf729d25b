/* SPDX-License-Identifier: MIT */
/*
 * Whether KVM works here. That /dev/kvm opens says little: nested or restricted ones start a guest that never
 * gets anywhere. So a guest with nothing to do is booted once for each boot of this host, with a few seconds
 * to do it.
 */
#ifndef KVM_H
#define KVM_H

#include "vm.h"

bool kvm_wanted(const struct vm_job *job);

#endif
