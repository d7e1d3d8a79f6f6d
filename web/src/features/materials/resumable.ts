import type { DetailedError } from 'tus-js-client';
import { asProblem, Problem } from '../../lib/api.ts';
import type { ProblemBody } from '../../lib/types.ts';
import { begunUploads } from './begun_uploads.ts';

/** From this size on a file comes in pieces, so that a broken connection costs only the last of them. */
export const worthPieces = 1024 * 1024;

/** Pauses before the next try, in ms: about four minutes of a bad connection. */
const patience = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000, 30_000, 60_000, 60_000];

function problemOf(error: Error | DetailedError): Problem {
  const answer = 'originalResponse' in error ? error.originalResponse : null;
  if (!answer) return asProblem(error);
  try {
    return new Problem(answer.getStatus(), JSON.parse(answer.getBody()) as ProblemBody);
  } catch {
    return new Problem(answer.getStatus(), {});
  }
}

/** Whether another try may help: not where the server has refused the file itself. */
function passes(error: DetailedError): boolean {
  const status = error.originalResponse?.getStatus() ?? 0;
  return status < 400 || status >= 500 || status === 409 || status === 423 || status === 429;
}

/**
 * Sends a file by the tus protocol and tells how many bytes were sent. A file that was begun
 * before, even before a reload, goes on where it stopped. Gives the id of the file that was made.
 */
export async function sendInPieces(
  materialId: string,
  file: File,
  onsent: (bytes: number) => void,
): Promise<string> {
  const { Upload } = await import('tus-js-client');
  return new Promise((resolve, reject) => {
    const upload = new Upload(file, {
      endpoint: '/api/uploads',
      metadata: { filename: file.name, materialId },
      fingerprint: async () => [materialId, file.name, file.size, file.lastModified].join('-'),
      urlStorage: begunUploads,
      removeFingerprintOnSuccess: true,
      retryDelays: patience,
      onShouldRetry: passes,
      onProgress: onsent,
      onError: (error) => reject(problemOf(error)),
      onSuccess: () => resolve(upload.url?.split('/').pop() ?? ''),
    });
    upload
      .findPreviousUploads()
      .then(([before]) => {
        if (before) upload.resumeFromPreviousUpload(before);
        upload.start();
      })
      .catch(reject);
  });
}
