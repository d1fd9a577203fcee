import { stopK3s } from './host/index.js';
import { etcd } from './etcd.js';
import { forgetNodePassword } from './node-password.js';
import type { NodeRules } from '../../phases/node-rules.js';

export const k3sRules: NodeRules = {
  membership: etcd,
  nodeExtras: {
    stop: (deadlineMs) => stopK3s({ killPods: true, deadlineMs }),
    forget: forgetNodePassword,
  },
};
