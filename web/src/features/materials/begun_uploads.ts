import type { PreviousUpload, UrlStorage } from 'tus-js-client';
import { load, namesBeginning, save } from '../../lib/storage.ts';

/** Where begun uploads are remembered: with what else signing out takes away. */
export const begunUploads: UrlStorage = {
  findAllUploads: async () => uploadsBelow('upload:'),
  findUploadsByFingerprint: async (fingerprint) => uploadsBelow(`upload:${fingerprint}:`),
  removeUpload: async (key) => save(key, null),
  async addUpload(fingerprint, upload) {
    const key = `upload:${fingerprint}:${Date.now()}`;
    save(key, JSON.stringify(upload));
    return key;
  },
};

function uploadsBelow(beginning: string): PreviousUpload[] {
  return namesBeginning(beginning).flatMap((key) => {
    try {
      const kept = JSON.parse(load(key) ?? '') as PreviousUpload;
      return [{ ...kept, urlStorageKey: key }];
    } catch {
      return [];
    }
  });
}
