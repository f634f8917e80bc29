package org.canbridge.verifiers;

import org.canbridge.tensors.files.Problem;

/** Ways in which a reference bundle can be wrong. */
public enum BundleProblem implements Problem {
  /** One of the bundle's two files is missing. */
  INCOMPLETE,
  /** {@code reference.json} is not a JSON object. */
  NOT_JSON,
  /** A field of {@code reference.json} has the wrong type or form. */
  BAD_FIELD,
  /** A tensor that is no input, no output and no activation. */
  UNKNOWN_TENSOR,
  /** There is nothing to compare with. */
  WITHOUT_OUTPUT,
  /** {@code reference.json} lists other tensors than {@code reference.safetensors} holds. */
  TENSORS_DISAGREE,
  /** A call needs an input that the bundle does not hold. */
  INPUT_MISSING,
  /** The model does not take the bundle's inputs. */
  OTHER_MODEL
}
