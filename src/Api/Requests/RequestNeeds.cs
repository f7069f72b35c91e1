using System.Reflection;

namespace Channels.Api.Requests;

/// <summary>The members that a request is refused without although its type would do without them; every other one that is not <c>required</c> may be left out.</summary>
/// <remarks>The API's description says so; that a request is refused is its form's work.</remarks>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
internal sealed class RefusedWithoutAttribute(params string[] members) : Attribute
{
    public IReadOnlyList<string> Members => members;
}

/// <summary>A request is refused that has none of these members; where several must stand together, spaces part them.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
internal sealed class NeedsOneOfAttribute(params string[] ways) : Attribute
{
    public IReadOnlyList<string> Ways => ways;

    /// <summary>So is one that has more than one of them.</summary>
    public bool AndNoMore { get; init; }
}

/// <summary>What a request type says of itself.</summary>
internal static class RequestNeeds
{
    /// <summary>Whether an empty object is refused.</summary>
    public static bool IsRefusedEmpty(Type type) =>
        type.GetProperties().Any(JsonFields.IsRequired) || type.GetCustomAttribute<RefusedWithoutAttribute>() is { Members.Count: > 0 } || type.IsDefined(typeof(NeedsOneOfAttribute), inherit: true);
}
