import { stopK3s } from '../k3s/index.js';
import { etcd } from './leave-etcd.js';
import { forgetNodePassword } from './node-password.js';
import type { NodeRules } from './node-rules.js';

export const k3sRules: NodeRules = {
  membership: etcd,
  nodeExtras: {
    stop: (deadlineMs) => stopK3s({ killPods: true, deadlineMs }),
    forget: forgetNodePassword,
  },
};
