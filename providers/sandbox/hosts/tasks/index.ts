import type { TaskBody } from '../task-runner.js';
import { claimHost, readClaim, rebootHost, releaseHost } from './claims.js';
import { inspectHost } from './inspect-host.js';
import { firstLogin } from './first-login.js';
import { holdWithKeepalived, holdWithKubeVip } from './hold-address.js';
import { installK3s } from './install-k3s.js';
import { prepareHost } from './prepare-host.js';
import { putK3sFiles } from './put-k3s-files.js';
import { putLoginKey } from './put-login-key.js';
import { replaceHostKey } from './replace-host-key.js';
import { beginAnew, forgetEtcd, observe, serverInfo, stopK3s } from './misc-tasks.js';
import { putBackSettings } from './former-settings.js';
import { sealImage } from './seal-image.js';
import { startK3s } from './start-k3s.js';
import { putTokens, readCertificates, rotateCertificates, rotateToken } from './rotation-tasks.js';
import { renewNodes, restoreEtcd, snapshotEtcd } from './snapshot-tasks.js';
import { checkServer, putBackK3s, readUpdates } from './upgrade-tasks.js';

/** What each task of templates/host does to a simulated machine. */
export const taskBodies: ReadonlyMap<string, TaskBody> = new Map<string, TaskBody>([
  ['first-login', firstLogin],
  ['replace-host-key', replaceHostKey],
  ['put-login-key', putLoginKey],
  ['prepare-host', prepareHost],
  ['install-k3s', installK3s],
  ['start-k3s', startK3s],
  ['server-info', serverInfo],
  ['stop-k3s', stopK3s],
  ['forget-etcd', forgetEtcd],
  ['begin-anew', beginAnew],
  ['observe', observe],
  ['check-server', checkServer],
  ['snapshot-etcd', snapshotEtcd],
  ['restore-etcd', restoreEtcd],
  ['renew-nodes', renewNodes],
  ['put-back-k3s', putBackK3s],
  ['put-back-settings', putBackSettings],
  ['read-updates', readUpdates],
  ['read-certificates', readCertificates],
  ['rotate-certificates', rotateCertificates],
  ['put-tokens', putTokens],
  ['rotate-token', rotateToken],
  ['claim-host', claimHost],
  ['read-claim', readClaim],
  ['inspect-host', inspectHost],
  ['release-host', releaseHost],
  ['reboot-host', rebootHost],
  ['put-k3s-files', putK3sFiles],
  ['seal-image', sealImage],
  ['hold-with-keepalived', holdWithKeepalived],
  ['hold-with-kube-vip', holdWithKubeVip],
]);
