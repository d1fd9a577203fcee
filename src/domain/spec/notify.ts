import { z } from 'zod';

import { noticeEvents } from '../notices.js';

/** Where a secret is read each time that it is needed; it is kept nowhere. */
const secretFrom = z.union([
  z.strictObject({
    env: z
      .string()
      .regex(/^[A-Za-z_]\w*$/, 'a variable’s name')
      .describe('A variable that holds it.'),
  }),
  z.strictObject({ file: z.string().min(1).describe('A file that holds it, and nothing else.') }),
]);

const name = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/, 'lower-case letters, digits and dashes')
  .describe('What it is called here.');
const events = z
  .array(z.enum(noticeEvents))
  .min(1)
  .default([...noticeEvents])
  .describe('What it is told of.');
const address = z.string().regex(/^https?:\/\/[^\s/]+/, 'https://host/path');

export const channelSchema = z.discriminatedUnion('type', [
  z.strictObject({
    name,
    type: z.literal('webhook').describe('A POST with a JSON object, whose `text` chat programs show.'),
    url: z.union([address, secretFrom]).describe('Where to; an address that is a secret itself comes from elsewhere.'),
    token: secretFrom.optional().describe('Sent as `Authorization: Bearer`.'),
    events,
  }),
  z.strictObject({
    name,
    type: z.literal('ntfy').describe('A message of ntfy.'),
    url: z.union([address, secretFrom]).describe('The topic’s address: https://ntfy.sh/TOPIC.'),
    token: secretFrom.optional().describe('An access token of the server.'),
    events,
  }),
  z.strictObject({
    name,
    type: z.literal('mail').describe('A mail, handed to a program on its standard input.'),
    command: z
      .array(z.string().min(1))
      .min(1)
      .default(['sendmail', '-t'])
      .describe('The program and its arguments; no shell reads them.'),
    to: z.array(z.email()).min(1).describe('Who gets it.'),
    from: z.email().optional().describe('Default: what the program puts there.'),
    events,
  }),
]);

export const notifySchema = z
  .array(channelSchema)
  .max(20)
  .superRefine((channels, check) => {
    channels.forEach((channel, index) => {
      if (channels.findIndex((one) => one.name === channel.name) !== index)
        check.addIssue({ code: 'custom', path: [index, 'name'], message: `${channel.name} is there twice` });
    });
  })
  .describe('Who is told of what somebody should know, each thing once.');

export type Channel = z.output<typeof channelSchema>;
