export { type Message, send, type SendSecrets } from './send.js';
