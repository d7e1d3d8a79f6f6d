import assert from 'node:assert/strict';
import test from 'node:test';
import { refusalOf, toBytes, toText, write } from './webauthn.ts';

test('base64url goes there and back', () => {
  for (const text of ['', 'Zg', 'Zm8', 'Zm9v', '__4', '-_-_'])
    assert.equal(toText(toBytes(text).buffer), text);
  assert.deepEqual([...toBytes('__4')], [255, 254]);
});

test('a credential that cannot write itself is written by hand', () => {
  const credential = {
    id: 'AQI',
    type: 'public-key',
    toJSON: () => {
      throw new TypeError('not a real one');
    },
    response: {
      clientDataJSON: toBytes('e30').buffer,
      signature: toBytes('__4').buffer,
      userHandle: null,
      getTransports: () => ['internal'],
    },
  };
  assert.deepEqual(write(credential as unknown as PublicKeyCredential), {
    id: 'AQI',
    rawId: 'AQI',
    type: 'public-key',
    response: { clientDataJSON: 'e30', signature: '__4', transports: ['internal'] },
  });
});

test('what a browser refuses is told apart', () => {
  assert.equal(refusalOf(new DOMException('', 'NotAllowedError')), 'cancelled');
  assert.equal(refusalOf(new DOMException('', 'AbortError')), 'cancelled');
  assert.equal(refusalOf(new DOMException('', 'InvalidStateError')), 'known');
  assert.equal(refusalOf(new DOMException('', 'SecurityError')), 'failed');
  assert.equal(refusalOf(new TypeError()), 'failed');
});
