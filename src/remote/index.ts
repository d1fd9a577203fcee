export { cloudInit, type CloudInitOptions } from './cloud-init.js';
export { createRemote, type RemoteOptions } from './create-remote.js';
export {
  fingerprint,
  generateHostKey,
  generateIdentity,
  generateKeyPair,
  identityFault,
  keyBlob,
  type SshKeyPair,
} from './keys.js';
export { loginTarget } from './login-target.js';
export { scanHostKeys, type ScanEndpoint, type ScannedKey } from './scan-keys.js';
export { TaskFailedError } from './task-errors.js';
export { ownTemplates } from './templates.js';
export type * from './types.js';
