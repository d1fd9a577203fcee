import type { ServerChannel } from 'ssh2';
import type { Machine } from './machine.js';
import { runInteractively } from './interactive-shell.js';

/** A prompt for people, with just enough line editing: backspace, Ctrl-C, Ctrl-D. */
export function openShell(machine: Machine, user: string, channel: ServerChannel, terminal: boolean): void {
  const mark = user === 'root' ? '#' : '$';
  const end = terminal ? '\r\n' : '\n';
  let line = '';
  const show = (text: string): void => void channel.write(terminal ? text.replaceAll(/\r?\n/g, '\r\n') : text);
  const prompt = (): void => {
    if (terminal) show(`${user}@${machine.hostname}:~${mark} `);
  };
  const leave = (code: number): void => {
    channel.exit(code);
    channel.end();
  };
  let last = 0;
  /** False once the shell has ended. */
  const enter = (): boolean => {
    if (terminal) show(end);
    const command = line.trim();
    line = '';
    if (command === 'exit' || command === 'logout') {
      leave(last);
      return false;
    }
    const { out, err, exit } = runInteractively(machine, user, command);
    last = exit;
    if (out !== '') show(out);
    if (err !== '') {
      if (terminal) show(err);
      else channel.stderr.write(err);
    }
    prompt();
    return true;
  };
  if (terminal) {
    show(`Welcome to a machine of Slipway's sandbox. It runs simulated: hostname, uptime, whoami, uname -a,\n`);
    show(`cat FILE, systemctl is-active k3s, journalctl -u k3s and exit are known here.\n\n`);
  }
  prompt();
  channel.on('data', (data: Buffer) => {
    for (const key of data.toString('utf8')) {
      if (key === '\r' || key === '\n') {
        if (!enter()) return;
      } else if (key === '\u0003') {
        line = '';
        show(`^C${end}`);
        prompt();
      } else if (key === '\u0004') {
        if (line === '') {
          leave(last);
          return;
        }
      } else if (key === '\u007f' || key === '\b') {
        if (line === '') continue;
        line = line.slice(0, -1);
        show('\b \b');
      } else if (key >= ' ') {
        line += key;
        if (terminal) show(key);
      }
    }
  });
  channel.on('end', () => {
    if (line !== '') enter();
    leave(last);
  });
}
