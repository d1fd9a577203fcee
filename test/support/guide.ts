import { readFileSync } from 'node:fs';

/** The commands of a guide, as somebody types them: the lines of each of its blocks of shell. @param name `disaster-recovery` */
export const guideBlocks = (name: string): readonly (readonly string[])[] =>
  [
    ...readFileSync(new URL(`../../docs/guides/${name}.md`, import.meta.url), 'utf8').matchAll(
      /^```sh\n([\s\S]*?)^```$/gm,
    ),
  ].map(([, block]) => block!.trim().split('\n'));

/** The arguments of one of its commands, with the answers to what it asks. */
export function typedArgs(command: string, bucket: string): readonly string[] {
  const [program, ...args] = command.replace('BUCKET', bucket).split(/\s+/);
  if (program !== 'slipway') throw new Error(`${command} is no command of ours`);
  if (!['move', 'recover', 'restore', 'delete'].includes(args[1]!)) return args;
  return [...args, '--yes', ...(args[1] === 'delete' ? ['--confirm', args[2]!] : [])];
}
