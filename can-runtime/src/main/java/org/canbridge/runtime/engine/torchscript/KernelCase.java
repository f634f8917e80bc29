package org.canbridge.runtime.engine.torchscript;

import org.canbridge.runtime.engine.kernels.Kernel;
import org.canbridge.runtime.engine.kernels.Kernels;
import org.canbridge.runtime.graph.Graph;

/**
 * A small network that shows whether a kernel is right.
 *
 * @param kernel that it is about
 * @param kernels that its program asks for
 * @param graph with one output
 */
public record KernelCase(Kernel kernel, Kernels kernels, Graph graph) {}
