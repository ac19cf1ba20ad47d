/** The platform's `fetch` fits as it is, whichever library declares it. */

import { fetchTransport, type HttpTransport } from '@wirewright/core/kit';

export const transport: HttpTransport = fetchTransport('https://example.com', fetch);
