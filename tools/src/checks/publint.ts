import { readFileSync } from 'node:fs';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { type Check, row } from './check.ts';

/** Whether the tarballs are packaged so that every tool reads them alike. */
export const publintCheck: Check = {
  name: 'publint',
  about: 'publint on the packed tarballs, strict; no message of any kind is allowed',
  async run({ packages, consumer }) {
    const rows = [];
    for (const { name } of packages) {
      const file = readFileSync(consumer().tarballs.get(name) ?? '');
      const { messages, pkg } = await publint({ pack: { tarball: toArrayBuffer(file) }, strict: true });
      const texts = messages.map((message) => `${message.type}: ${formatMessage(message, pkg) ?? message.code}`);
      rows.push(row([name, String(messages.length)], texts.length > 0 ? texts.join('\n') : undefined));
    }
    return { columns: ['package', 'messages'], rows };
  },
};

function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
