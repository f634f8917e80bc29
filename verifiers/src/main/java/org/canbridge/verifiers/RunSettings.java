package org.canbridge.verifiers;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * How a run of a pipeline was made: an entry of {@code runs} in {@code reference.json}.
 *
 * @param scheduler {@code scheduler_config}: the scheduler's configuration, as diffusers writes it
 * @param steps {@code steps}: how many were asked for
 * @param guidanceScale {@code guidance_scale}: 1 is no guidance
 */
public record RunSettings(ObjectNode scheduler, int steps, double guidanceScale) {}
