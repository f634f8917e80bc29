package org.canbridge.runtime.diffusion;

/**
 * What a solver tells after each step.
 *
 * @param done steps that are done, from 1
 * @param of number of steps of the run; 0 where the solver decides it on the way
 * @param timestep what the network was given in this step
 * @param x the state after the step, {@code (B, C, H, W)}
 * @param denoised the estimate of the clean image that the step used, {@code (B, C, H, W)}
 */
public record Step(int done, int of, double timestep, Latents x, Latents denoised) {}
