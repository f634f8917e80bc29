/**
 * What a diffusion or flow model was trained for, in numbers: paths between an image and noise,
 * their schedules of timesteps, and what a network's output stands for on the way. Time runs from
 * the clean image at 0 to pure noise at 1; how the authors count is a matter of the timestep alone.
 */
package org.canbridge.runtime.objective;
