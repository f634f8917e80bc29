package org.canbridge.tensors.files;

import java.io.Serializable;
import org.apiguardian.api.API;

/**
 * A way in which an input file can be wrong. Every room that reads something has an enum of its own
 * with one constant for each way, so that a test can tell two refusals apart.
 */
@API(status = API.Status.STABLE)
public interface Problem extends Serializable {}
