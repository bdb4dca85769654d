import { isByDigest, isSameRepository } from '../../../domain/models/spec/image-reference.js'
import type { Container, Metadata } from '../api/kube-objects.js'

/**
 * kn's annotation of a template and its revisions. It says how the user named an image that the
 * container has by its digest. This service reads and writes it as kn does: both show the tag, and
 * neither lets a tag that was published again go live by itself.
 */
export const USER_IMAGE = 'client.knative.dev/user-image'

/**
 * The image as its user named it. An annotation that another tool left beside another image does
 * not count.
 */
export function userImageOf (
  { image = '' }: Container,
  { annotations = {} }: Partial<Metadata> = {}
): string {
  const named = annotations[USER_IMAGE] ?? ''
  return named !== '' && isByDigest(image) && !isByDigest(named) && isSameRepository(named, image)
    ? named
    : image
}
