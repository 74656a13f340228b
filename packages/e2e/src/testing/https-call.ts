/** One HTTPS request as a program makes it, with exactly the headers given: what a browser would never send, too. */
import { request } from 'node:https';

export interface HttpsAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export function httpsCall(
  url: string,
  options: { readonly ca: Buffer; readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string },
): Promise<HttpsAnswer> {
  const { ca, method = 'GET', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const asked = request(url, { ca, method, headers: { ...length, ...headers }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
